package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var persistentVolumes = powerRule(review.Rule{
	ID: "rbac-persistent-volumes", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A role can create persistent volumes",
}, "A volume can be a path of the node. Pod Security admission looks at pods, not at volumes: a pod that claims such a volume has the node's files, where a hostPath of its own is forbidden.",
	createVolumes)

var createVolumes = power{
	can: "create %s, of the nodes' own paths too", verbs: []string{"create"},
	on: []resources{{group: "", names: []string{"persistentvolumes"}, cluster: true}},
}
