package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Azure is an identity at Microsoft Entra, by which Azure's registries are signed in to: of a workload with a federated
// token, or of an application with a secret. Without either the machine's managed identity is asked for.
type Azure struct {
	Tenant, Client string
	Secret         string
	TokenFile      string // of the federated token
	Authority      string // "" for https://login.microsoftonline.com/
}

// The addresses of Azure's public cloud (learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and
// …/managed-identities-azure-resources/how-to-use-vm-token).
const (
	azureAuthority = "https://login.microsoftonline.com/"
	azureScope     = "https://management.azure.com/.default"
	azureMachine   = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F"
	azureUser      = "00000000-0000-0000-0000-000000000000" // of a registry's refresh token
)

// azureKeychain signs in by the exchange of Azure's registries (github.com/Azure/acr, docs/AAD-OAuth.md).
type azureKeychain struct {
	who      Azure
	client   *http.Client
	machine  string // azureMachine, but in tests
	registry string // scheme and host of the exchange; "" for the registry's own
}

func newAzureKeychain(who Azure) *azureKeychain {
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &azureKeychain{who: who, client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: refuse}, machine: azureMachine}
}

// Resolve is authn.Keychain's.
func (k *azureKeychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

// ResolveContext signs in. Where there is no identity at all the registry is asked anonymously.
func (k *azureKeychain) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	token, err := k.entra(ctx)
	if errors.Is(err, errNoIdentity) {
		return authn.Anonymous, nil
	} else if err != nil {
		return nil, fmt.Errorf("signing in to Azure: %w", err)
	}
	at := k.registry
	if at == "" {
		at = "https://" + r.RegistryStr()
	}
	answer, err := k.post(ctx, at+"/oauth2/exchange", url.Values{
		"grant_type": {"access_token"}, "service": {r.RegistryStr()}, "tenant": {k.who.Tenant}, "access_token": {token}})
	if err != nil {
		return nil, fmt.Errorf("signing in to %s: %w", r.RegistryStr(), err)
	}
	return authn.FromConfig(authn.AuthConfig{Username: azureUser, Password: answer.RefreshToken}), nil
}

// errNoIdentity tells that nobody is signed in to Azure here.
var errNoIdentity = errors.New("there is no identity")

// entra returns a token of Microsoft Entra.
func (k *azureKeychain) entra(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {k.who.Client}, "scope": {azureScope}}
	switch {
	case k.who.Client == "" || k.who.Tenant == "" || k.who.TokenFile == "" && k.who.Secret == "":
		return k.managed(ctx)
	case k.who.TokenFile != "":
		token, err := os.ReadFile(k.who.TokenFile)
		if err != nil {
			return "", err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", strings.TrimSpace(string(token)))
	default:
		form.Set("client_secret", k.who.Secret)
	}
	authority := k.who.Authority
	if authority == "" {
		authority = azureAuthority
	}
	answer, err := k.post(ctx, strings.TrimSuffix(authority, "/")+"/"+url.PathEscape(k.who.Tenant)+"/oauth2/v2.0/token", form)
	return answer.AccessToken, err
}

// managed asks the machine, which answers at once or is none of Azure's.
func (k *azureKeychain) managed(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	address := k.machine
	if k.who.Client != "" {
		address += "&client_id=" + url.QueryEscape(k.who.Client)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Metadata", "true")
	answer, err := k.send(req)
	if err != nil {
		return "", errNoIdentity
	}
	return answer.AccessToken, nil
}

// azureAnswer is what both token servers answer.
type azureAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (k *azureKeychain) post(ctx context.Context, address string, form url.Values) (azureAnswer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return azureAnswer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return k.send(req)
}

// maxToken is more than any token needs.
const maxToken = 256 << 10

// send sends a request. Errors hold no text of the answer, which may repeat what was sent.
func (k *azureKeychain) send(req *http.Request) (answer azureAnswer, err error) {
	resp, err := k.client.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return answer, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("%s answered %d %s", req.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxToken)).Decode(&answer); err != nil {
		return answer, fmt.Errorf("%s answered no token", req.URL.Host)
	}
	return answer, nil
}
