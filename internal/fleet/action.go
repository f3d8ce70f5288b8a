package fleet

import "fmt"

// Action is what a request asks for.
type Action string

// The actions that need a request. Each needs the approval of its rule.
const (
	Register    Action = "register"     // a registration token
	RemoveToken Action = "remove-token" // a remove token
	Delete      Action = "delete"       // runners deleted
)

// ParseAction reads an action's word.
func ParseAction(text string) (Action, error) {
	switch a := Action(text); a {
	case Register, RemoveToken, Delete:
		return a, nil
	}
	return "", fmt.Errorf("%q is not an action; the actions are register, remove-token and delete", clip(text))
}

// MintsToken reports whether the action ends in a token.
func (a Action) MintsToken() bool { return a == Register || a == RemoveToken }

// Words is the action in a sentence: "a registration token".
func (a Action) Words() string {
	switch a {
	case Register:
		return "a registration token"
	case RemoveToken:
		return "a remove token"
	case Delete:
		return "deletion"
	}
	return string(a)
}
