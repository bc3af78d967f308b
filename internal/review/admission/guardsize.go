package admission

import (
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

var (
	tooMuch  = types.NewErr("it makes or compares more than any policy needs")
	tooLarge = types.NewErr("no quantity has an exponent of so many digits")
)

// measure is how much values are.
type measure struct{ values, bytes int }

// of adds a value with all that is in it, as long as the measure is within bounds.
func (m *measure) of(v ref.Val) {
	if m.values++; m.values > maxValues {
		return
	}
	switch v := v.(type) {
	case types.String:
		m.bytes += len(v)
	case types.Bytes:
		m.bytes += len(v)
	case traits.Mapper:
		for it := v.Iterator(); it.HasNext() == types.True && m.values <= maxValues; {
			key := it.Next()
			m.of(key)
			m.of(v.Get(key))
		}
	case traits.Lister:
		for it := v.Iterator(); it.HasNext() == types.True && m.values <= maxValues; {
			m.of(it.Next())
		}
	}
}

func measured(args []ref.Val) (m measure) {
	for _, arg := range args {
		m.of(arg)
	}
	return m
}

// guardValues is for what looks through values.
func guardValues(args []ref.Val) ref.Val {
	if measured(args).values > maxValues {
		return tooMuch
	}
	return nil
}

// guardPairs is for what compares values with each other.
func guardPairs(args []ref.Val) ref.Val {
	for _, arg := range args {
		if list, ok := arg.(traits.Lister); ok {
			if size, ok := list.Size().(types.Int); !ok || size > maxPairs {
				return tooMuch
			}
		}
	}
	return guardValues(args)
}

// guardReplace is for text.replace(old, new) and text.replace(old, new, times).
func guardReplace(args []ref.Val) ref.Val {
	var texts []string
	for _, arg := range args {
		if text, ok := arg.(types.String); ok {
			texts = append(texts, string(text))
		}
	}
	if len(texts) != 3 {
		return nil
	}
	times := strings.Count(texts[0], texts[1])
	if most, ok := args[len(args)-1].(types.Int); ok && most >= 0 && int64(most) < int64(times) {
		times = int(most)
	}
	if len(texts[0])+times*(len(texts[2])-len(texts[1])) > maxString {
		return tooMuch
	}
	return nil
}

// guardJoin is for list.join() and list.join(separator).
func guardJoin(args []ref.Val) ref.Val {
	m := measured(args[:1])
	if len(args) > 1 {
		if separator, ok := args[1].(types.String); ok {
			m.bytes += m.values * len(separator)
		}
	}
	if m.values > maxValues || m.bytes > maxString {
		return tooMuch
	}
	return nil
}

// guardFormat is for text.format(list).
func guardFormat(args []ref.Val) ref.Val {
	if m := measured(args); m.values > maxValues || m.bytes > maxString {
		return tooMuch
	}
	return nil
}

// guardQuantity is for quantity(text) and isQuantity(text).
func guardQuantity(args []ref.Val) ref.Val {
	if text, ok := args[0].(types.String); ok && kubeapi.IsEndless(string(text)) {
		return tooLarge
	}
	return nil
}
