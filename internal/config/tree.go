package config

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// place is where something stands in the file. Both count from 1; columns count
// characters.
type place struct{ line, column int }

// top is the place of what is missing from the whole file.
var top = place{1, 1}

// kind is the type of a value of the file.
type kind uint8

const (
	broken  kind = iota // has a fault already; nothing more is said about it
	nothing             // null
	text
	integer
	decimal
	boolean
	list
	table
)

func (k kind) String() string {
	return [...]string{"broken", "empty", "text", "a whole number", "a number", "true or false", "a list", "a table of keys"}[k]
}

// node is a value of the file, with anchors, aliases and merge keys resolved.
type node struct {
	kind  kind
	at    place
	text  string // of a scalar: as written, without quotes
	items []*node
	pairs []pair
}

type pair struct {
	key   string
	at    place
	value *node
}

func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// deepest is how far values may be nested; the configuration itself needs six levels.
const deepest = 50

// grower turns goccy's tree into ours and finds the faults that any YAML can have.
type grower struct {
	r       *reader
	anchors map[string]*node
	depth   int
}

// parse reads YAML. When the text can't be read at all it reports one fault and returns
// nil; so it does for an empty file, whose tree is an empty table.
func (r *reader) parse(data []byte) (root *node) {
	defer func() {
		// goccy/go-yaml is not ours, and some inputs have made it panic.
		if recover() != nil {
			r.fault(top, "this is not YAML that can be read; begin again from what runnerdesk init writes")
			root = nil
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, what := top, "it can't be read"
		if syntax := yaml.Error(nil); errors.As(err, &syntax) {
			what = syntax.GetMessage()
			if tk := syntax.GetToken(); tk != nil && tk.Position != nil {
				at = place{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
			}
		}
		r.fault(at, "this is not YAML: %s", what)
		return nil
	}
	root = &node{kind: table, at: top}
	g := &grower{r: r, anchors: map[string]*node{}}
	found := false
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if found {
			r.fault(placeOf(doc.Body), "a second document begins here; keep everything in one, without ---")
			break
		}
		found = true
		root = g.grow(doc.Body)
	}
	return root
}

// placeOf is where a value begins. goccy gives a mapping the place of its first colon.
func placeOf(n ast.Node) place {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return placeOf(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return placeOf(v.Key)
	}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		return place{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
	}
	return top
}

func (g *grower) grow(n ast.Node) *node {
	at := placeOf(n)
	if g.depth++; g.depth > deepest {
		g.depth--
		g.r.fault(at, "this is nested too deep; nothing in a configuration is")
		return &node{at: at}
	}
	defer func() { g.depth-- }()
	switch v := n.(type) {
	case *ast.NullNode:
		return &node{kind: nothing, at: at}
	case *ast.StringNode:
		return g.scalar(text, at, v.Value)
	case *ast.LiteralNode:
		return g.scalar(text, at, v.Value.Value)
	case *ast.IntegerNode:
		return g.scalar(integer, at, v.Token.Value)
	case *ast.FloatNode:
		return g.scalar(decimal, at, v.Token.Value)
	case *ast.InfinityNode, *ast.NanNode:
		return g.scalar(decimal, at, n.GetToken().Value)
	case *ast.BoolNode:
		return g.scalar(boolean, at, fmt.Sprint(v.Value))
	case *ast.SequenceNode:
		out := &node{kind: list, at: at}
		for _, item := range v.Values {
			out.items = append(out.items, g.grow(item))
		}
		return out
	case *ast.MappingNode:
		return g.mapping(at, v.Values)
	case *ast.MappingValueNode:
		return g.mapping(at, []*ast.MappingValueNode{v})
	case *ast.AnchorNode:
		value := g.grow(v.Value)
		g.anchors[v.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		name := v.Value.GetToken().Value
		if value, known := g.anchors[name]; known {
			return value
		}
		g.r.fault(at, "no anchor %s stands above this; write it before it is used", quoted("&"+g.r.hide.clean(name)))
	case *ast.TagNode:
		g.r.fault(at, "tags are not read here; write the value without %s", v.GetToken().Value)
	default:
		g.r.fault(at, "this kind of value is not read here; write text, a number, true, false, a list or keys")
	}
	return &node{at: at}
}

func (g *grower) scalar(k kind, at place, value string) *node {
	if g.r.hide.holds(value) {
		g.r.fault(at, "this looks like a secret; keep secrets in the environment or in files that X_FILE variables name, and replace this one, since it was written down")
		return &node{at: at}
	}
	return &node{kind: k, at: at, text: value}
}

// mapping reads keys and values. Keys that are written out win over merged ones; of
// those the first.
func (g *grower) mapping(at place, values []*ast.MappingValueNode) *node {
	out := &node{kind: table, at: at}
	seen := map[string]place{}
	var merged []*node
	for _, v := range values {
		keyAt := placeOf(v.Key)
		if v.Key.IsMergeKey() {
			merged = append(merged, g.merge(g.grow(v.Value))...)
			continue
		}
		key := g.grow(keyNode(v.Key))
		value := g.grow(v.Value)
		if value.kind == nothing && v.Value.Type() == ast.NullType {
			value.at = keyAt // an empty value stands nowhere
		}
		if key.kind == broken {
			continue
		}
		if key.kind == list || key.kind == table {
			g.r.fault(keyAt, "a key must be plain text")
			continue
		}
		if first, twice := seen[key.text]; twice {
			g.r.fault(keyAt, "%s is given twice, first in line %d; keep one", quoted(key.text), first.line)
			continue
		}
		seen[key.text] = keyAt
		out.pairs = append(out.pairs, pair{key.text, keyAt, value})
	}
	for _, from := range merged {
		for _, p := range from.pairs {
			if _, has := seen[p.key]; !has {
				seen[p.key] = p.at
				out.pairs = append(out.pairs, p)
			}
		}
	}
	return out
}

func keyNode(key ast.MapKeyNode) ast.Node {
	if k, is := key.(*ast.MappingKeyNode); is && k.Value != nil {
		return k.Value
	}
	return key
}

// merge lists the tables that a merge key names.
func (g *grower) merge(value *node) []*node {
	switch value.kind {
	case table:
		return []*node{value}
	case list:
		var out []*node
		for _, item := range value.items {
			if item.kind == table {
				out = append(out, item)
			} else if item.kind != broken {
				g.r.fault(item.at, "<< merges keys; name an anchor that holds keys")
			}
		}
		return out
	case broken:
		return nil
	}
	g.r.fault(value.at, "<< merges keys; name an anchor that holds keys")
	return nil
}
