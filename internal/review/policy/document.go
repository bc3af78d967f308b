// Package policy reads policy files: strictly, layer over layer, with the line of every mistake.
//
// A repository's .github/landwaiter.yaml lies over its organisation's and that over the server's. What a layer
// says of a rule replaces what lower layers say of that rule; exemptions, acknowledgements and denied images add up; of every
// other key the uppermost layer that has it counts.
package policy

import "go.yaml.in/yaml/v3"

// document is a policy file as it is written. The tags are the one description of the format: the strict reading,
// the JSON schema and the list of keys in docs/policy.md all come from them. "doc" says what a key is for, "enum" the
// words it takes, "must" that it has to be there, and "form" names what no Go type says.
type document struct {
	Kubernetes  yaml.Node            `yaml:"kubernetes" form:"version" doc:"The Kubernetes version that manifests are judged for, in quotes. Default: the newest known."`
	Helm        yaml.Node            `yaml:"helm" form:"helm" doc:"The line of Helm that the cluster's tool renders with, 3 or 4. Default: 4."`
	Profile     string               `yaml:"profile" enum:"recommended,baseline,restricted,everything" doc:"Which rules run, at which level. Default: recommended."`
	Rules       map[string]yaml.Node `yaml:"rules" form:"rules" doc:"Single rules by id: off, on, a level, or a mapping of level and parameters."`
	OwnRules    []ownRule            `yaml:"ownRules" doc:"Rules of one's own, beside the catalogue. Files below .github/landwaiter/rules hold such rules as well, one a document."`
	Images      *imagesSection       `yaml:"images" doc:"Which images may be used, and how they are proven."`
	Roots       *rootsSection        `yaml:"roots" doc:"What renders, beyond what is found by itself."`
	Exemptions  []exemption          `yaml:"exemptions" doc:"Findings that are accepted until a day."`
	Annotations bool                 `yaml:"annotations" doc:"Annotations landwaiter.dev/exempt.RULE of manifests exempt too. Whoever opens a pull request writes them. Default: false."`
	Workloads   []workload           `yaml:"workloads" doc:"Custom resources that carry pods. Of others what looks like a pod template is found, with milder findings."`
	Charts      *chartsSection       `yaml:"charts" doc:"Charts that may be fetched, and whose have to be signed."`
	Bases       *allowSection        `yaml:"bases" doc:"Kustomize bases that may be fetched."`
	Gate        *gateSection         `yaml:"gate" doc:"What fails the check."`
	Checks      []string             `yaml:"checks" enum:"images,manifests,render" doc:"Further check runs that can gate by themselves. Default: none."`
	Comments    *commentsSection     `yaml:"comments" doc:"What is written into the conversation of a pull request, beside the check run."`
	Acknowledge []acknowledgement    `yaml:"acknowledge" doc:"Who may accept a finding in a pull request, by a command."`
	Lock        []string             `yaml:"lock" form:"lock" doc:"Keys, as gate, images.deny or rules.privileged, of which the policies that lie over this one may say nothing."`
}

type ownRule struct {
	ID                string          `yaml:"id" must:"yes" form:"ownID" doc:"What settings, exemptions and findings call the rule: lower-case words with dashes, none of the catalogue's."`
	Level             string          `yaml:"level" must:"yes" enum:"error,warning,info" doc:"The level of its findings."`
	Kinds             []string        `yaml:"kinds" must:"yes" form:"kind" doc:"What it is for: Kind or Kind.group; workload for all that run pods; \"*\" for everything."`
	Expression        string          `yaml:"expression" must:"yes" doc:"CEL that is true for what is right, over object, oldObject, namespaceObject, params, request and variables."`
	Variables         []namedVariable `yaml:"variables" doc:"Expressions with names, for the others to use as variables.NAME."`
	Message           string          `yaml:"message" doc:"What a finding says, in a line without a full stop."`
	MessageExpression string          `yaml:"messageExpression" doc:"CEL that makes the message. Where it comes to none, message stands."`
	Field             string          `yaml:"field" form:"fieldPath" doc:"The field on whose line findings stand, as spec.replicas. Default: the object."`
	Detail            string          `yaml:"detail" doc:"Why it matters, in full sentences."`
	Params            yaml.Node       `yaml:"params" form:"params" doc:"A mapping of values that the expression reads as params; settings of the rule under rules change them."`
	Good              []yaml.Node     `yaml:"good" doc:"Objects that are right. policy check holds the rule against them. An item may be a mapping of object, oldObject, namespaceObject and params instead."`
	Bad               []yaml.Node     `yaml:"bad" doc:"Objects that are wrong."`
}

type namedVariable struct {
	Name       string `yaml:"name" must:"yes" doc:"The name."`
	Expression string `yaml:"expression" must:"yes" doc:"The expression; it may use the variables before it."`
}

// example is an object that shows what a rule is about, with what is around it.
type example struct {
	Object          yaml.Node `yaml:"object" must:"yes" doc:"The object."`
	OldObject       yaml.Node `yaml:"oldObject" doc:"What it was at base."`
	NamespaceObject yaml.Node `yaml:"namespaceObject" doc:"Its namespace."`
	Params          yaml.Node `yaml:"params" form:"params" doc:"Values in place of the rule's."`
}

type imagesSection struct {
	Allow       []string       `yaml:"allow" form:"image" doc:"Patterns of the repositories that images may be from. Without it everything is allowed that is not denied."`
	Deny        []string       `yaml:"deny" form:"image" doc:"Patterns that are refused whatever allow says."`
	Platforms   []string       `yaml:"platforms" form:"platform" doc:"Platforms that each image must have in its registry, as linux/arm64."`
	Registries  []registry     `yaml:"registries" doc:"What differs from a public registry over HTTPS."`
	Mirrors     []mirror       `yaml:"mirrors" doc:"Registries that hold copies: what is there is proven as the original is, by signatures beside either."`
	TrustedRoot string         `yaml:"trustedRoot" form:"file" doc:"A file of trust roots in place of Sigstore's public good: Sigstore's trusted_root.json, or several, one a line. The public good that is built in is as old as the bot."`
	Verify      []verification `yaml:"verify" doc:"What proves images; the first entry whose pattern matches counts."`
	Fields      []imageField   `yaml:"fields" doc:"Fields of custom resources that name images, beside those of the operators that are known."`
	Moving      []string       `yaml:"moving" doc:"Tags that are moved to other images as a matter of course, beside latest."`
}

type registry struct {
	Host      string   `yaml:"host" must:"yes" doc:"The registry's host, with its port."`
	Private   bool     `yaml:"private" doc:"It may be at a private, loopback or link-local address."`
	PlainHTTP bool     `yaml:"plainHTTP" doc:"It is spoken to without TLS."`
	Realms    []string `yaml:"realms" doc:"Hosts of its token servers, where they are not its own. They get its credentials."`
	Owners    []string `yaml:"owners" doc:"In a server's own policy: the accounts at GitHub for whose repositories the App asks it with the server's credentials, and at a private address. Default: all that have installed the App."`
}

type mirror struct {
	From string `yaml:"from" must:"yes" doc:"The copies, as mirror.internal/hub/**."`
	To   string `yaml:"to" must:"yes" doc:"The originals, as docker.io/**."`
}

type imageField struct {
	Kind string `yaml:"kind" must:"yes" doc:"Kind, or Kind.group."`
	Path string `yaml:"path" must:"yes" doc:"Where the image is, as spec.image; * stands for every key or item."`
	Tag  string `yaml:"tag" doc:"The key beside it that has its tag, where that stands apart."`
}

type verification struct {
	Match      string      `yaml:"match" must:"yes" form:"image" doc:"A pattern of repositories."`
	Signature  *signature  `yaml:"signature" doc:"Who has to have signed the image."`
	Provenance *provenance `yaml:"provenance" doc:"What has to have built it."`
	SBOM       string      `yaml:"sbom" enum:"required" doc:"A bill of materials (SPDX, CycloneDX) that lists something has to be attested, by whom signature or else provenance names, with neither by anybody whom the trust root vouches for."`
	Scan       *scan       `yaml:"scan" doc:"A scan for vulnerabilities has to be attested, by the same."`
	Index      string      `yaml:"index" enum:"all" doc:"With all, an image of several platforms is proven as well when each of its platforms is. Default: what the reference names has to be."`
}

type signature struct {
	Issuer    string     `yaml:"issuer" form:"name" doc:"Who vouches for the signer's identity."`
	Subject   string     `yaml:"subject" form:"name" doc:"A pattern of the signer's identity."`
	Key       yaml.Node  `yaml:"key" form:"files" doc:"A file with a public key, or a list of such files, in place of issuer and subject."`
	Keys      []datedKey `yaml:"keys" doc:"Public keys with the days on which they count. What was signed while a key did counts for ever, where a transparency log or a timestamp says so."`
	Threshold int        `yaml:"threshold" doc:"How many of the keys have to have signed. Default: 1."`
	Notation  *notation  `yaml:"notation" doc:"Signatures of the Notary Project, in place of issuer and subject."`
}

type datedKey struct {
	File  string    `yaml:"file" must:"yes" form:"file" doc:"The file with the public key."`
	From  yaml.Node `yaml:"from" form:"day" doc:"The first day, as 2026-01-01."`
	Until yaml.Node `yaml:"until" form:"day" doc:"The last day."`
}

type notation struct {
	Certificates []string `yaml:"certificates" must:"yes" form:"file" doc:"Files with the certificates of authorities, or of signers themselves, in PEM."`
	Identities   []string `yaml:"identities" must:"yes" doc:"Whom of those they vouch for is trusted, as \"x509.subject: C=US, ST=WA, O=Acme\", or \"*\" for all."`
}

type provenance struct {
	Builder   string `yaml:"builder" form:"name" doc:"A pattern of the builder's identity."`
	Source    string `yaml:"source" form:"name" doc:"A pattern of the source repository."`
	Ref       string `yaml:"ref" form:"name" doc:"A pattern of the branch or tag it was built from."`
	BuildType string `yaml:"buildType" form:"name" doc:"A pattern of the type of the build."`
}

type scan struct {
	MaxAge string `yaml:"maxAge" form:"duration" doc:"How old the scan may be, as 168h."`
	FailOn string `yaml:"failOn" enum:"low,medium,high,critical" doc:"The severity that is refused."`
}

type rootsSection struct {
	Include []string       `yaml:"include" form:"path" doc:"Patterns of paths that are looked at. Default: everything."`
	Ignore  []string       `yaml:"ignore" form:"path" doc:"Patterns of paths that are left out."`
	Kops    []kopsTemplate `yaml:"kops" doc:"kops cluster templates with their values."`
	Helm    []chart        `yaml:"helm" doc:"Charts with sets of values; each makes a further root."`
}

type kopsTemplate struct {
	Template string   `yaml:"template" must:"yes" form:"file" doc:"The template."`
	Values   []string `yaml:"values" form:"file" doc:"Files of values; later ones win."`
	Snippets string   `yaml:"snippets" form:"file" doc:"A directory of snippets."`
}

type chart struct {
	Chart     string   `yaml:"chart" must:"yes" form:"file" doc:"The chart's directory."`
	Values    []string `yaml:"values" form:"file" doc:"Files of values; later ones win."`
	Release   string   `yaml:"release" doc:"The name of the release. Default: release-name."`
	Namespace string   `yaml:"namespace" doc:"The namespace of the release. Default: default."`
}

type exemption struct {
	Rule   string    `yaml:"rule" must:"yes" form:"rule" doc:"A rule's id; * stands for any part of it."`
	Object string    `yaml:"object" form:"glob" doc:"The object as Kind/name or Kind/namespace/name; * stands for any part of a name."`
	Root   string    `yaml:"root" form:"path" doc:"A pattern of the paths of roots; ** stands for whole segments."`
	Reason string    `yaml:"reason" must:"yes" doc:"Why the finding is accepted."`
	Until  yaml.Node `yaml:"until" must:"yes" form:"day" doc:"The last day, as 2027-03-31. From the next day on the finding is back, and says so."`
	By     string    `yaml:"by" doc:"Who accepted it."`
}

type workload struct {
	Kind string `yaml:"kind" must:"yes" doc:"Kind, or Kind.group."`
	Path string `yaml:"path" must:"yes" doc:"Where the pod template is, as spec.podTemplate."`
}

type chartsSection struct {
	Allow  []string    `yaml:"allow" form:"place" doc:"Where charts may be fetched that Argo CD and Flux name: the addresses of chart repositories (https://charts.example.com/stable), and patterns of charts in registries (ghcr.io/acme/charts/**, with oci:// before it or not). Default: nowhere."`
	Verify []chartSeal `yaml:"verify" doc:"Who has to have signed charts that are archives, in the repository or fetched, by the provenance file of each: NAME-VERSION.tgz.prov. The first entry whose pattern matches counts. Charts in registries are proven by images.verify."`
}

type chartSeal struct {
	Match   string `yaml:"match" must:"yes" form:"name" doc:"A pattern of the chart's repository as the dependency names it, with or without the chart's name behind it; \"**\" for all."`
	Keyring string `yaml:"keyring" must:"yes" form:"file" doc:"A file with the OpenPGP keys of those who may sign, as gpg --export writes it, in armor or not."`
}

type allowSection struct {
	Allow []string `yaml:"allow" form:"base" doc:"Patterns of the Git repositories and files that may be fetched: github.com/acme/**, raw.githubusercontent.com/acme/**; with https:// before them or not."`
}

type gateSection struct {
	FailOn          string `yaml:"failOn" enum:"error,warning,info" doc:"The level at which new findings fail the check. Default: error."`
	OnIndeterminate string `yaml:"onIndeterminate" enum:"fail,warn" doc:"What an image does whose evidence could not be asked for. Default: fail."`
	OnRenderFailure string `yaml:"onRenderFailure" enum:"fail,warn" doc:"What a root does that rendered at base and does not any more. Default: fail."`
}

type commentsSection struct {
	Max     *int  `yaml:"max" form:"comments" doc:"How many comments stand on lines at a time, the worst findings first, 0 to 100. Default: 30."`
	Summary *bool `yaml:"summary" doc:"One comment with the outcome, which is edited from run to run. Default: false."`
}

type acknowledgement struct {
	Rules     []string `yaml:"rules" must:"yes" form:"rule" doc:"Rules, or patterns of them as \"change-*\"."`
	By        []string `yaml:"by" must:"yes" form:"person" doc:"Users and teams, as \"@acme/security\"."`
	NotAuthor bool     `yaml:"notAuthor" doc:"Not by whoever opened the pull request."`
}
