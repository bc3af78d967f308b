package server

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The functions here read the text of one setting. Their errors say what is wrong without the text: it may be a secret
// in the wrong place. Who calls them adds which setting it is, and where.

func address(to *string, text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("want ADDRESS:PORT, or :PORT for every address")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > math.MaxUint16 {
		return errors.New("the port is a number from 0 to 65535")
	}
	if strings.ContainsAny(host, " /") {
		return errors.New("want ADDRESS:PORT, without a scheme or a path")
	}
	*to = text
	return nil
}

// webAddress reads an http or https URL without what does not belong into one of a site.
func webAddress(text string) (*url.URL, error) {
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Hostname() == "" || at.Opaque != "" {
		return nil, errors.New("want an address like https://example.com")
	}
	switch {
	case at.User != nil:
		return nil, errors.New("an address has no user and no password in it")
	case at.RawQuery != "" || at.ForceQuery || at.Fragment != "":
		return nil, errors.New("the address ends before ? and #")
	case at.Scheme != "https" && at.Scheme != "http":
		return nil, errors.New("want an address that begins with https://")
	}
	return at, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// site reads the address of a web site, which may have a path.
func site(to *string, text string) error {
	at, err := webAddress(text)
	if err != nil {
		return err
	}
	*to = trimURL(at.String())
	return nil
}

// origin reads the address of a GitHub, which has no path.
func origin(to *string, text string) error {
	at, err := webAddress(text)
	if err != nil {
		return err
	}
	host := strings.ToLower(at.Host)
	switch {
	case at.Scheme == "http" && !isLoopback(at.Hostname()):
		return errors.New("plain http is accepted for addresses of this machine only, since tokens travel there: use https")
	case host == "api.github.com":
		return errors.New("that is the programming interface: want https://github.com")
	case strings.Trim(at.Path, "/") != "":
		return fmt.Errorf("want the address of the site only, as people open it: %s://%s", at.Scheme, host)
	}
	*to = at.Scheme + "://" + host
	return nil
}

func collector(to *string, text string) error {
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return errors.New("want an address like http://collector:4318")
	}
	*to = text
	return nil
}

// unless forgets an address when text is the word that says so.
func unless(address *string, text, word string) error {
	if strings.EqualFold(text, word) {
		*address = ""
	}
	return nil
}

func number[T int | int64](to *T, text string, least, most T) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < int64(least) || n > int64(most) {
		if int64(most) >= 1<<62 {
			return fmt.Errorf("want a whole number from %d", least)
		}
		return fmt.Errorf("want a whole number from %d to %d", least, most)
	}
	*to = T(n)
	return nil
}

// privateKey reads an RSA key as GitHub makes them. Where a variable cannot hold lines, \n stands for their ends.
func privateKey(to *Secret, text string) error {
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, `\n`, "\n")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New(`want the App's private key in PEM, which begins with "-----BEGIN"`)
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if _, isRSA := key.(*rsa.PrivateKey); err != nil || !isRSA {
			return errors.New("want an RSA private key, as GitHub makes them for Apps; this PEM holds none")
		}
	}
	*to = Secret(text)
	return nil
}

func secrets(to *[]Secret, text string) error {
	var all []Secret
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, Secret(part))
		}
	}
	if len(all) == 0 || len(all) > maxSecrets {
		return fmt.Errorf("want 1 to %d secrets, separated by commas", maxSecrets)
	}
	*to = all
	return nil
}

// maxSecrets bounds what checking one signature costs.
const maxSecrets = 10

func database(to *Secret, text string) error {
	if file, ok := strings.CutPrefix(text, "sqlite:"); ok && file != "" {
		*to = Secret(text)
		return nil
	}
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "postgres" && at.Scheme != "postgresql" || at.Host == "" && at.RawQuery == "" {
		return errors.New("want sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE")
	}
	*to = Secret(text)
	return nil
}

// size reads bytes: a number, alone or with KiB, MiB, GiB, TiB or the decimal KB, MB, GB, TB.
func size(to *int64, text string) error {
	const problem = "want a size like 500MiB or 10GiB"
	digits := strings.TrimRight(text, "KMGTiB ")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return errors.New(problem)
	}
	unit := strings.TrimSpace(text[len(digits):])
	units := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
	factor, ok := units[unit]
	if !ok || n > math.MaxInt64/factor {
		return errors.New(problem)
	}
	*to = n * factor
	return nil
}

// duration reads what time.ParseDuration does, and days.
func duration(to *time.Duration, text string) error {
	const problem = "want a duration like 12h or 30d"
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > 100_000 {
			return errors.New(problem)
		}
		*to = time.Duration(n) * day
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New(problem)
	}
	*to = d
	return nil
}

func level(to *slog.Level, text string) error {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, text) {
		return errors.New("want debug, info, warn or error")
	}
	return to.UnmarshalText([]byte(text))
}

func oneOf(to *string, text string, allowed ...string) error {
	if !slices.Contains(allowed, text) {
		return fmt.Errorf("want %s", strings.Join(allowed, " or "))
	}
	*to = text
	return nil
}

// certificates returns the certificates of a PEM file, each as PEM.
func certificates(text []byte) (all []string, err error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("certificate %d cannot be read: %w", len(all)+1, err)
		}
		all = append(all, string(pem.EncodeToMemory(block)))
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate is in it")
	}
	return all, nil
}
