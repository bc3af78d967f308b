// Package github is all that Landwaiter knows of GitHub: what its webhooks mean (Tasks), and what is asked of it and
// written to it as a GitHub App (App, Client, Publisher). Nothing else speaks to it but git, with a token from here.
//
// App is the App itself; Client is one of its installations, which shares nothing with the others: neither tokens, nor
// limits, nor kept answers. Publisher shows one review: check runs, inline comments and the summary comment, so that
// doing it again, after a crash for instance, changes nothing.
//
// Errors say what they mean by errors.Is (ErrNotFound, ErrForbidden …) or are *RateLimited. None holds a token.
package github
