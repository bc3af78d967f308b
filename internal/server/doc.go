// Package server is the HTTP door of the GitHub App: it receives webhooks, answers for health and metrics, and sets the
// App up. It also reads the settings, writes the log and sends traces.
//
// It decides nothing about reviews. What a webhook asks for is known to an Intake, how the App is created at GitHub to a
// Registrar, and what has to work to a list of checks; who starts the server brings all of them.
//
// A delivery is one call of the webhook, named by its GUID. A manifest is what GitHub creates an App from.
package server
