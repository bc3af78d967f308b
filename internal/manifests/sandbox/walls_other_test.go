//go:build !linux

package sandbox

func tryWalls() []string       { return nil }
func call(which string) string { return "" }
func beParent()                {}
