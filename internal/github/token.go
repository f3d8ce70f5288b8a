package github

import (
	"context"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v53/github"

	"runnerdesk/internal/fleet"
)

// RegistrationToken mints a token with which machines join the scope, any number of
// them, for an hour.
func (w *Writer) RegistrationToken(ctx context.Context, s fleet.Scope) (fleet.Token, error) {
	var token fleet.Token
	err := w.c.write(ctx, s, "mint a registration token", func(ctx context.Context) (err error) {
		var minted *gh.RegistrationToken
		switch s.Kind() {
		case fleet.Enterprise:
			minted, _, err = w.c.api.Enterprise.CreateRegistrationToken(ctx, s.Owner())
		case fleet.Organization:
			minted, _, err = w.c.api.Actions.CreateOrganizationRegistrationToken(ctx, s.Owner())
		default:
			minted, _, err = w.c.api.Actions.CreateRegistrationToken(ctx, s.Owner(), s.Repo())
		}
		if err == nil {
			token, err = tokenOf(minted.Token, minted.ExpiresAt)
		}
		return err
	})
	return token, err
}

// RemoveToken mints a token with which machines leave the scope, for an hour.
func (w *Writer) RemoveToken(ctx context.Context, s fleet.Scope) (fleet.Token, error) {
	var token fleet.Token
	err := w.c.write(ctx, s, "mint a remove token", func(ctx context.Context) (err error) {
		minted := new(gh.RemoveToken)
		switch s.Kind() {
		case fleet.Enterprise: // go-github v53 lacks it
			var request *http.Request
			if request, err = w.c.api.NewRequest(http.MethodPost, path(s, "runners/remove-token"), nil); err != nil {
				return fmt.Errorf("%w: no route", fleet.ErrUnsafe)
			}
			_, err = w.c.api.Do(ctx, request, minted)
		case fleet.Organization:
			minted, _, err = w.c.api.Actions.CreateOrganizationRemoveToken(ctx, s.Owner())
		default:
			minted, _, err = w.c.api.Actions.CreateRemoveToken(ctx, s.Owner(), s.Repo())
		}
		if err == nil {
			token, err = tokenOf(minted.Token, minted.ExpiresAt)
		}
		return err
	})
	return token, err
}

// tokenOf takes a token into safe keeping. One that is empty, or without its end, is an
// answer that makes no sense.
func tokenOf(value *string, expires *gh.Timestamp) (fleet.Token, error) {
	if value == nil || !goodToken(*value) || len(*value) > 1000 {
		return fleet.Token{}, odd(http.StatusCreated, "its answer holds no token")
	}
	if expires == nil || expires.IsZero() {
		return fleet.Token{}, odd(http.StatusCreated, "its answer does not say when the token ends")
	}
	return fleet.Token{Value: fleet.NewSecret(*value), ExpiresAt: expires.Time.In(time.UTC)}, nil
}
