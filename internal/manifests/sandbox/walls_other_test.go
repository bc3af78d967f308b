//go:build !linux || (!amd64 && !arm64)

package sandbox

func tryWalls() []string       { return nil }
func call(which string) string { return "" }
func beParent()                {}
