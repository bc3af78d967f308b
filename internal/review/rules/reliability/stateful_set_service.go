package reliability

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var statefulSetService = review.Rule{
	ID: "stateful-set-service", Level: review.Warning,
	Summary: "A StatefulSet names no headless Service",
	Kinds:   []string{"StatefulSet.apps"},
	Check:   checkStatefulSetService,
}

const statefulSetDetail = "The pods of a StatefulSet get names in DNS by a headless Service. Without it they cannot find each other by name, and the field cannot be changed later without making the set anew."

func checkStatefulSetService(p *review.Pass) {
	at := p.Object.Field().Get("spec", "serviceName")
	if at.Text() == "" {
		return
	}
	var named *manifests.Object
	for _, service := range p.Near("Service", p.Object) {
		if service.Group() == "" && service.Name == at.Text() {
			if service.Field().Get("spec", "clusterIP").Text() == "None" {
				return
			}
			named = service
		}
	}
	if named == nil {
		p.Report(at, "StatefulSet %s names service %s, which is not there", p.Object.Name, at.Text()).Detail(statefulSetDetail)
		return
	}
	p.Report(at, "StatefulSet %s names service %s, which is not headless", p.Object.Name, at.Text()).Detail(statefulSetDetail)
}
