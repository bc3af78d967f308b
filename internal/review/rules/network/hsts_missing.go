package network

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var hstsMissing = review.Rule{
	ID: "hsts-missing", Level: review.Info, Guidelines: []string{"G19"},
	Summary: "Browsers are not told for two years to use TLS",
	Kinds:   []string{"ConfigMap", "Ingress", "Route", "Middleware"},
	Check:   checkHSTSMissing,
}

// twoYears is what Mozilla's guidelines ask for, in seconds.
const twoYears = 63072000

const hstsDetail = "Browsers remember a site's HSTS header for its age, and use no plain HTTP meanwhile. Mozilla's guidelines ask for two years (63072000). Start with a short age: while it lasts the site cannot go back."

func checkHSTSMissing(p *review.Pass) {
	switch o := p.Object; o.Kind {
	case "ConfigMap":
		checkHSTSConfig(p)
	case "Ingress":
		for _, prefix := range []string{"haproxy-ingress.github.io/", "nginx.org/"} {
			reportHSTS(p, "ingress "+o.Name, annotation(o, prefix+"hsts"), annotation(o, prefix+"hsts-max-age"))
		}
	case "Route":
		if header := annotation(o, "haproxy.router.openshift.io/hsts_header"); header.IsSet() && maxAge(header.Text()) < twoYears {
			p.Report(header, "route %s has HSTS for less than two years", o.Name).Detail(hstsDetail)
		}
	case "Middleware":
		if age := o.Field().Get("spec", "headers", "stsSeconds"); age.IsSet() {
			reportHSTS(p, "middleware "+o.Name, manifests.Field{}, age)
		}
	}
}

// checkHSTSConfig looks at a controller's ConfigMap. That of ingress-nginx is known by its name or labels too, and has an
// age of one year where it sets none.
func checkHSTSConfig(p *review.Pass) {
	data := p.Object.Field().Get("data")
	on, age := data.Get("hsts"), data.Get("hsts-max-age")
	if reportHSTS(p, "the controller", on, age) || age.IsSet() || !isNginxConfig(p.Object) {
		return
	}
	p.Report(age, "the controller has HSTS for one year, its default").Detail(hstsDetail).
		Fix("two years", review.Set(age, strconv.Itoa(twoYears))).Unsafe()
}

// isNginxConfig reports whether a ConfigMap is ingress-nginx's own, and not one of its TCP or UDP services.
func isNginxConfig(o *manifests.Object) bool {
	labels := o.Field().Get("metadata", "labels")
	known := labels.Get("app.kubernetes.io/name").Text() == "ingress-nginx" || o.Name == "nginx-configuration"
	return known && (strings.HasSuffix(o.Name, "controller") || o.Name == "nginx-configuration") && o.Field().Get("data").IsMap()
}

// reportHSTS reports HSTS that is switched off, or has a short age, and whether it did.
func reportHSTS(p *review.Pass, what string, on, age manifests.Field) bool {
	if strings.EqualFold(on.Text(), "false") {
		ops := []review.Op{review.Set(on, "true")}
		if !age.IsSet() {
			ops = append(ops, review.Set(age, strconv.Itoa(twoYears)))
		}
		p.Report(on, "%s sends no HSTS header", what).Detail(hstsDetail).Fix("send it", ops...).Unsafe()
		return true
	}
	seconds, err := strconv.Atoi(age.Text())
	if err != nil || seconds >= twoYears {
		return false
	}
	d := p.Report(age, "%s has HSTS for less than two years", what).Detail(hstsDetail)
	if _, number := age.Int(); number {
		d.Fix("two years", review.Set(age, twoYears)).Unsafe()
	} else {
		d.Fix("two years", review.Set(age, strconv.Itoa(twoYears))).Unsafe()
	}
	return true
}

var maxAgePattern = regexp.MustCompile(`(?i)max-age\s*=\s*"?(\d{1,18})`)

// maxAge reads the age of an HSTS header, 0 when it has none.
func maxAge(header string) int {
	match := maxAgePattern.FindStringSubmatch(header)
	if match == nil {
		return 0
	}
	seconds, _ := strconv.Atoi(match[1])
	return seconds
}
