package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverKubeletTLS = review.Rule{
	ID: "apiserver-kubelet-tls", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "The API server and the kubelets do not prove to each other who they are",
	CheckRoot: func(p *review.Pass) {
		for _, c := range of(p, apiServer) {
			reportMissing(p, c, []string{"kubelet-client-certificate", "kubelet-client-key"}, "the API server does not say to kubelets who it is",
				"Kubelets that serve it have to serve everybody.")
			d := reportMissing(p, c, []string{"kubelet-certificate-authority"}, "the API server talks to kubelets without checking who they are",
				"Whoever sits between them sees what is typed into containers and what their logs say, and can change it.")
			if d != nil && c.kubeadm { // its kubelets have certificates that they signed themselves, which no authority vouches for
				d.Lower(review.Info)
			}
		}
	},
}
