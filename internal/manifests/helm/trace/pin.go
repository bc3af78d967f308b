package trace

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// pins are the uses of functions whose results Helm does not repeat.
type pins struct {
	used     map[Use]bool
	unsorted map[uintptr]Use // lists in an order that Helm does not repeat, unless they are sorted later
}

func newPins() pins { return pins{map[Use]bool{}, map[uintptr]Use{}} }

// settle notes that a list was sorted.
func (p pins) settle(list reflect.Value) { delete(p.unsorted, address(list)) }

func (p pins) list() []Use {
	all := maps.Clone(p.used)
	for _, use := range p.unsorted {
		all[use] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Use) int {
		return cmp.Or(strings.Compare(a.At.Template, b.At.Template), a.At.Line-b.At.Line, a.At.Column-b.At.Column, strings.Compare(a.Function, b.Function))
	})
}

// use names the place where a function is used.
func (s *state) use(c *call) Use {
	if s.def.unit.dynamic {
		if frames := appendSites(nil, s.at); len(frames) > 0 {
			return Use{c.f.name, frames[0]}
		}
	}
	return Use{c.f.name, s.def.unit.frame(int(c.node.Position()), s.def.name)}
}

// pin calls a function with a pinned result and notes that.
func pin(s *state, c *call) (value, error) {
	s.pinned.used[s.use(c)] = true
	return s.plain(c)
}

// unordered is for keys and values, whose order Helm leaves to chance; here it is sorted by key.
func unordered(s *state, c *call) (value, error) {
	names, elems := []string{}, []any{}
	for _, m := range c.in {
		for _, k := range sortedKeys(m) {
			names = append(names, k.String())
			elems = append(elems, m.MapIndex(k).Interface())
		}
	}
	out := reflect.ValueOf(names)
	if c.f.name == "values" {
		out = reflect.ValueOf(elems)
	}
	v := value{out, c.f.trace(s, c, out)}
	if len(names) > 1 {
		s.container(out) // keeps its address
		s.pinned.unsorted[address(out)] = s.use(c)
	}
	return v, nil
}

// dated calls a function that takes what is no date for the current time.
func dated(at int) func(*state, *call) (value, error) {
	return func(s *state, c *call) (value, error) {
		isDate := false
		if v := concrete(c.in[at]); v.IsValid() {
			switch v.Interface().(type) {
			case time.Time, *time.Time, int, int32, int64:
				isDate = true
			}
		}
		if !isDate {
			s.pinned.used[s.use(c)] = true
			c.in[at] = reflect.ValueOf(pinnedNow())
		}
		return s.plain(c)
	}
}

// pinnedNow is the time at which all charts are rendered.
func pinnedNow() time.Time { return time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC) }

// certificate is what the functions for certificates return: templates read its fields.
type certificate struct{ Cert, Key string }

// Alphabets of the random functions.
const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// pinnedFunctions replaces functions whose results are random, depend on the time, or take long to compute. They
// return values of the right form that depend on nothing but their arguments.
func pinnedFunctions() map[string]any {
	return map[string]any{
		"now":          pinnedNow,
		"ago":          ago,
		"randAlphaNum": random(letters + digits),
		"randAlpha":    random(letters),
		"randNumeric":  random(digits),
		"randAscii":    random(letters + digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~"),
		"randBytes": func(count int) (string, error) {
			text, err := random(letters)(count)
			return base64.StdEncoding.EncodeToString([]byte(text)), err
		},
		"randInt": func(low, high int) (int, error) {
			if high <= low {
				return 0, errors.New("invalid argument to Intn")
			}
			return low, nil
		},
		"shuffle":        func(text string) string { return text },
		"uuidv4":         func() string { return "00000000-0000-4000-8000-000000000000" },
		"bcrypt":         bcrypt,
		"htpasswd":       htpasswd,
		"derivePassword": derivePassword,
		"encryptAES":     encryptAES,
		"genPrivateKey":  privateKey,
		"genCA":          func(name string, _ int) certificate { return issue(name) },
		"genCAWithKey":   func(name string, _ int, key string) certificate { return certificate{issue(name).Cert, key} },
		"genSelfSignedCert": func(name string, _, _ []any, _ int) certificate {
			return issue(name)
		},
		"genSelfSignedCertWithKey": func(name string, _, _ []any, _ int, key string) certificate {
			return certificate{issue(name).Cert, key}
		},
		"genSignedCert": func(name string, _, _ []any, _ int, ca any) (certificate, error) {
			return issue(name), checkCA(ca)
		},
		"genSignedCertWithKey": func(name string, _, _ []any, _ int, ca any, key string) (certificate, error) {
			return certificate{issue(name).Cert, key}, checkCA(ca)
		},
	}
}

// ago tells how long ago a date was, at the pinned time.
func ago(date any) string {
	at := pinnedNow()
	switch date := date.(type) {
	case time.Time:
		at = date
	case int64:
		at = time.Unix(date, 0)
	case int:
		at = time.Unix(int64(date), 0)
	}
	return pinnedNow().Sub(at).Round(time.Second).String()
}

// maxRandom is how many random characters may be asked for at once.
const maxRandom = 1 << 20

// random makes text out of an alphabet, always the same one.
func random(alphabet string) func(count int) (string, error) {
	return func(count int) (string, error) {
		if count > maxRandom {
			return "", &LimitError{fmt.Sprintf("%d random characters, more than %d", count, maxRandom)}
		}
		text := make([]byte, max(count, 0))
		for i := range text {
			text[i] = alphabet[i*7%len(alphabet)]
		}
		return string(text), nil
	}
}

// digest is text of an alphabet that depends on other texts.
func digest(alphabet string, length int, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	text := make([]byte, length)
	for i := range text {
		text[i] = alphabet[(int(sum[i%len(sum)])+i)%len(alphabet)]
	}
	return string(text)
}

func bcrypt(password string) string {
	return "$2a$10$" + digest("./"+letters+digits, 53, password)
}

func htpasswd(user, password string) string {
	if strings.Contains(user, ":") {
		return "invalid username: " + user
	}
	return user + ":" + bcrypt(password)
}

func derivePassword(counter uint32, kind, password, user, site string) string {
	lengths := map[string]int{"long": 14, "maximum": 20, "medium": 8, "short": 4, "basic": 8, "pin": 4}
	length, ok := lengths[kind]
	switch {
	case !ok:
		return "cannot find password template " + kind
	case kind == "pin":
		return digest(digits, length, password, user, site, fmt.Sprint(counter))
	}
	return digest(letters+digits, length, password, user, site, fmt.Sprint(counter))
}

// encryptAES encrypts as sprig does, but for an initialization vector that is not random, so that decryptAES works.
func encryptAES(password, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	key := make([]byte, 32)
	copy(key, password)
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", err
	}
	padding := aes.BlockSize - len(text)%aes.BlockSize
	padded := text + strings.Repeat(string(rune(padding)), padding)
	iv := sha256.Sum256([]byte(text))
	sealed := make([]byte, aes.BlockSize+len(padded))
	copy(sealed, iv[:aes.BlockSize])
	cipher.NewCBCEncrypter(block, sealed[:aes.BlockSize]).CryptBlocks(sealed[aes.BlockSize:], []byte(padded))
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// privateKey makes text in the form of a private key; there is no key in it.
func privateKey(kind string) string {
	forms := map[string]string{
		"": "RSA PRIVATE KEY", "rsa": "RSA PRIVATE KEY", "dsa": "DSA PRIVATE KEY", "ecdsa": "EC PRIVATE KEY", "ed25519": "PRIVATE KEY",
	}
	form, ok := forms[kind]
	if !ok {
		return "Unknown type " + kind
	}
	return inPEM(form, 600, kind)
}

func issue(name string) certificate {
	return certificate{inPEM("CERTIFICATE", 750, name), inPEM("RSA PRIVATE KEY", 1190, name)}
}

func inPEM(form string, length int, of string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: form, Bytes: []byte(digest(letters, length, form, of))}))
}

// checkCA reports whether a value is a certificate, of ours or of buildCustomCert.
func checkCA(ca any) error {
	v, _ := indirect(reflect.ValueOf(ca))
	if v.Kind() != reflect.Struct || !v.FieldByName("Cert").IsValid() || !v.FieldByName("Key").IsValid() {
		return fmt.Errorf("wrong type for value; expected a certificate; got %T", ca)
	}
	return nil
}
