package server

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages
var pages embed.FS

// render answers with a page. It has no scripts and loads nothing but its style; its forms go to formTarget only.
func (u *setup) render(w http.ResponseWriter, status int, page, formTarget string, data any) {
	parsed, err := template.ParseFS(pages, "pages/frame.html", "pages/"+page)
	var text bytes.Buffer
	if err == nil {
		err = parsed.ExecuteTemplate(&text, "frame.html", data)
	}
	if err != nil {
		u.server.log.Error("a page could not be written", "page", page, "error", err)
		say(w, http.StatusInternalServerError, "The page could not be written. The log has the details.")
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action "+formTarget+"; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // who does not listen misses it
}

// problem answers with a page that says what went wrong and what to do.
func (u *setup) problem(w http.ResponseWriter, status int, title, text string) {
	u.render(w, status, "problem.html", "'none'", map[string]any{"Title": title, "Text": text})
}

func style(w http.ResponseWriter, _ *http.Request) {
	text, err := pages.ReadFile("pages/style.css")
	if err != nil {
		say(w, http.StatusNotFound, "There is no style.")
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(text) // who does not listen misses it
}
