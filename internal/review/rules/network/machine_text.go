package network

import (
	"iter"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// machineFiles are the lists by which kinds put files onto machines: with a path, a content and how it is encoded.
var machineFiles = map[string][]string{
	"Cluster":               {"spec.fileAssets.*"}, // of kops, as the next
	"InstanceGroup":         {"spec.fileAssets.*"},
	"KubeadmConfig":         {"spec.files.*"}, // of Cluster API, as the next
	"KubeadmConfigTemplate": {"spec.template.spec.files.*"},
	"KubeadmControlPlane":   {"spec.kubeadmConfigSpec.files.*"},
}

// machineStarts are the fields that hold what a machine is started with: a cloud-config or a script.
var machineStarts = map[string][]string{
	"Cluster":                       {"spec.additionalUserData.*.content"},
	"InstanceGroup":                 {"spec.additionalUserData.*.content"},
	"EC2NodeClass":                  {"spec.userData"},  // of Karpenter
	"aws_instance":                  {"body.user_data"}, // of Terraform, as the next
	"aws_launch_configuration":      {"body.user_data"},
	"hcloud_server":                 {"body.user_data"},
	"digitalocean_droplet":          {"body.user_data"},
	"openstack_compute_instance_v2": {"body.user_data"},
	"google_compute_instance":       {"body.metadata_startup_script", "body.metadata.startup-script", "body.metadata.user-data"},
	"VirtualMachine":                {"spec.template.spec.volumes.*.cloudInitNoCloud.userData", "spec.template.spec.volumes.*.cloudInitConfigDrive.userData"},
}

// machineKinds are the kinds of machineFiles and machineStarts, with their groups.
var machineKinds = []string{
	"Cluster.kops.k8s.io", "Cluster.kops", "InstanceGroup.kops.k8s.io", "InstanceGroup.kops", "KubeadmConfig.bootstrap.cluster.x-k8s.io",
	"KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io", "KubeadmControlPlane.controlplane.cluster.x-k8s.io",
	"EC2NodeClass.karpenter.k8s.aws", "VirtualMachine.kubevirt.io",
}

// machineResources are the resources of Terraform among them.
var machineResources = resources("aws_instance", "aws_launch_configuration", "hcloud_server", "digitalocean_droplet", "openstack_compute_instance_v2",
	"google_compute_instance")

// fileTexts lists the texts of configTexts, what an object puts onto machines, and the files that these texts write, which
// are looked into in their turn.
func fileTexts(p *review.Pass) iter.Seq[configText] {
	return func(yield func(configText) bool) {
		own, written := 0, []configText(nil)
		visit := func(t configText) bool {
			if own+len(written) < maxTexts {
				written = append(written, t.within()...)
			}
			return yield(t)
		}
		for t := range configTexts(p.Object) {
			if own++; !visit(t) {
				return
			}
		}
		for _, t := range machineTexts(p.Object) {
			if own++; !visit(t) {
				return
			}
		}
		for i := 0; i < len(written); i++ {
			if !visit(written[i]) {
				return
			}
		}
	}
}

// machineTexts lists what an object puts onto machines.
func machineTexts(o *manifests.Object) (all []configText) {
	for _, at := range machineFiles[o.Kind] {
		for _, f := range fieldsAt(o.Field(), at) {
			all = append(all, machineFile(f))
		}
	}
	for _, at := range machineStarts[o.Kind] {
		for _, f := range fieldsAt(o.Field(), at) {
			all = append(all, configText{at: f, key: f.Path()[strings.LastIndexByte(f.Path(), '.')+1:], text: f.Text(), plain: true})
		}
	}
	return all
}

// maxTexts bounds the files within files.
const maxTexts = 10000

// machineFile reads an item of machineFiles.
func machineFile(f manifests.Field) configText {
	content := f.Get("content")
	t := configText{at: content, key: f.Get("path").Text(), text: content.Text(), plain: true}
	if t.key == "" {
		t.key = f.Get("name").Text()
	}
	if f.Get("isBase64").True() || strings.HasSuffix(f.Get("encoding").Text(), "base64") {
		t.text, t.plain = decoded(t.text), false
	}
	return t
}

// within lists the files that a text writes when a machine or container is started with it.
func (t configText) within() []configText {
	switch head, _, _ := strings.Cut(t.text, "\n"); {
	case strings.HasPrefix(head, "#cloud-config"), strings.HasPrefix(head, "## template"):
		return t.cloudFiles()
	case strings.HasPrefix(head, "#!"):
		return t.hereDocuments()
	}
	return nil
}

// cloudFiles lists the files of a cloud-config's write_files, and the one that cloud-init writes for sshd where passwords are
// switched on.
func (t configText) cloudFiles() (all []configText) {
	node, err := manifests.ParseYAML([]byte(t.text))
	if err != nil {
		return nil
	}
	root := manifests.NewField(node, "")
	for _, f := range root.Get("write_files").Items() {
		content := f.Get("content")
		if !content.IsSet() {
			continue
		}
		in := configText{at: t.at, key: f.Get("path").Text(), text: content.Text(), secret: t.secret, plain: t.plain}
		line := content.Node().Line
		in.first, in.flat = t.line(line+1), content.Node().Style&yaml.LiteralStyle == 0
		if encoding := f.Get("encoding").Text(); encoding == "b64" || encoding == "base64" {
			in.text, in.flat = decoded(in.text), true
		}
		if in.flat {
			in.first = t.line(line)
		}
		all = append(all, in)
	}
	if at := root.Get("ssh_pwauth"); at.True() || at.Text() == "yes" {
		all = append(all, configText{at: t.at, key: "sshd_config.d/50-cloud-init.conf", text: "PasswordAuthentication yes",
			secret: t.secret, plain: t.plain, first: t.line(at.Node().Line), flat: true})
	}
	return all
}

// hereStart matches the start of a here-document, hereTarget the file that a command of a shell writes to.
var (
	hereStart  = regexp.MustCompile(`<<(-?)[ \t]*["']?\\?([A-Za-z_][A-Za-z0-9_]*)["']?`)
	hereTarget = regexp.MustCompile(`(?:>>?[ \t]*|\btee[ \t]+(?:-a[ \t]+)?)["']?([^\s"'<>|;&]+)`)
)

// hereDocuments lists the here-documents of a script that it writes to files.
func (t configText) hereDocuments() (all []configText) {
	lines := strings.Split(t.text, "\n")
	for n := 0; n < len(lines); n++ {
		start, target := hereStart.FindStringSubmatch(lines[n]), hereTarget.FindStringSubmatch(lines[n])
		if start == nil {
			continue
		}
		end := n + 1
		for end < len(lines) && strings.TrimLeft(strings.TrimSuffix(lines[end], "\r"), "\t") != start[2] {
			end++
		}
		if target != nil && end < len(lines) {
			all = append(all, configText{at: t.at, key: target[1], text: strings.Join(lines[n+1:end], "\n"), secret: t.secret, plain: t.plain,
				first: t.line(n + 2), flat: t.flat})
			n = end
		}
	}
	return all
}
