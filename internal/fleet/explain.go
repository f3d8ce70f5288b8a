package fleet

import (
	"context"
	"errors"
)

// Explain says what went wrong outside, in a sentence for people: what happened and what
// to do next, and never a server's own text.
func Explain(err error) Prose {
	var (
		forbidden *ForbiddenError
		limited   *LimitedError
		away      *UnavailableError
	)
	switch {
	case errors.As(err, &limited):
		return Say("GitHub limits us until ", Moment(limited.Until), ". Nothing was done; try again then.")
	case errors.As(err, &forbidden) && forbidden.Need != "":
		return Say("GitHub refused: the credential needs ", Code(forbidden.Need), ". The people who run Runnerdesk can add it.")
	case errors.As(err, &forbidden):
		return Say("GitHub refused: the credential lacks a permission for this. The people who run Runnerdesk can add it.")
	case errors.Is(err, ErrCredential):
		return Say("GitHub does not accept Runnerdesk's credential. The people who run Runnerdesk have to renew it.")
	case errors.Is(err, ErrNotFound):
		return Say("GitHub finds no such runner or scope, or hides it from Runnerdesk's credential.")
	case errors.Is(err, ErrBusy):
		return Say("The runner is running a job. Try again when it is idle.")
	case errors.Is(err, ErrUnsupported):
		return Say("This GitHub server does not offer that.")
	case errors.Is(err, ErrUnsafe):
		return Say("That was refused as unsafe and never sent.")
	case errors.Is(err, context.DeadlineExceeded):
		return Say("GitHub did not answer in time. Try again.")
	case errors.As(err, &away):
		return Say("GitHub does not answer properly (", away.What, "). Try again in a minute.")
	}
	return Say("Something inside Runnerdesk failed and nothing was done. Try again; if it stays, the log says what it is.")
}
