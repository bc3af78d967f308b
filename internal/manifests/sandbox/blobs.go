package sandbox

import "container/list"

type blob struct {
	id   string
	data []byte
}

// blobCache keeps the contents of files by identity, least recently used first out.
type blobCache struct {
	limit, size int
	order       *list.List // of blob, most recently used first
	byID        map[string]*list.Element
}

func newBlobCache(limit int) *blobCache {
	return &blobCache{limit: limit, order: list.New(), byID: map[string]*list.Element{}}
}

func (c *blobCache) get(id string) ([]byte, bool) {
	element, ok := c.byID[id]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(element)
	return element.Value.(blob).data, true
}

func (c *blobCache) add(f blob) {
	if _, ok := c.byID[f.id]; ok || f.id == "" || len(f.data) > c.limit {
		return
	}
	c.byID[f.id] = c.order.PushFront(f)
	for c.size += len(f.data); c.size > c.limit; {
		oldest := c.order.Remove(c.order.Back()).(blob)
		c.size -= len(oldest.data)
		delete(c.byID, oldest.id)
	}
}
