package fleet

import "fmt"

// SurfaceKind tells how a message is drawn.
type SurfaceKind string

// The kinds of message that Runnerdesk keeps true.
const (
	PromptSurface SurfaceKind = "prompt" // in the rule's channel, for those who decide
	CopySurface   SurfaceKind = "copy"   // the requester's, by direct message
	ResultSurface SurfaceKind = "result" // in the prompt's thread
	ToldSurface   SurfaceKind = "told"   // a new direct message, so that the requester is notified
	NoticeSurface SurfaceKind = "notice" // one sentence to a person or to the operators
	DigestSurface SurfaceKind = "digest"
)

// Surface is a place where something is shown: one Slack message.
type Surface struct {
	Key     string // unique: "request/42/prompt"
	Kind    SurfaceKind
	Channel string // C…, or a person's U… for a direct message
	Thread  string // key of the surface under which it is a reply, or ""
}

// Surfaces are the messages that must exist for the request as it is now. Messages are
// only ever added to this list as the request goes on.
func (r Request) Surfaces() []Surface {
	key := func(k SurfaceKind) string { return fmt.Sprintf("request/%d/%s", r.ID, k) }
	var s []Surface
	if r.Rule.Needed > 0 {
		s = append(s, Surface{Key: key(PromptSurface), Kind: PromptSurface, Channel: r.Rule.Channel})
	}
	s = append(s, Surface{Key: key(CopySurface), Kind: CopySurface, Channel: r.Requester})
	settled := r.State.Final() || r.State == Unknown
	if settled && r.Rule.Needed > 0 {
		s = append(s, Surface{Key: key(ResultSurface), Kind: ResultSurface, Channel: r.Rule.Channel, Thread: key(PromptSurface)})
	}
	if settled || r.Action.MintsToken() && !r.DecidedAt.IsZero() && r.Rule.Needed > 0 {
		s = append(s, Surface{Key: key(ToldSurface), Kind: ToldSurface, Channel: r.Requester})
	}
	return s
}
