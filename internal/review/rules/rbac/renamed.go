package rbac

// renamed reports whether an account that is new has only what one had that is gone: the account was renamed, or
// moved to another namespace with what it may do there.
func (c *comparison) renamed(to subject, gains []gain) bool {
	if c.base == nil || to.kind != "ServiceAccount" || !c.now.accounts[c.root][to] || c.was.accounts[c.base][to] {
		return false
	}
	for from := range c.was.accounts[c.base] {
		if !c.now.accounts[c.root][from] && c.coversAll(from, to, gains) {
			return true
		}
	}
	return false
}

// coversAll reports whether one account might do at base all that another gains, each in its own namespace.
func (c *comparison) coversAll(from, to subject, gains []gain) bool {
	held := c.heldBefore(from)
	for _, g := range gains {
		namespace := g.binding.namespace
		if namespace == to.namespace {
			namespace = from.namespace
		}
		if !held.covers(namespace, g.right) {
			return false
		}
	}
	return true
}
