package githubd

import (
	"errors"
	"strings"
	"time"
)

// tokenLife is how long a registration or remove token works.
// https://docs.github.com/en/rest/actions/self-hosted-runners
const tokenLife = time.Hour

// mintedToken is a token that the server handed out.
type mintedToken struct {
	value     string
	op        op // which operation minted it
	scope     *scope
	expiresAt time.Time
}

// mint makes a token. The lock is held.
func (s *Server) mint(o op, sc *scope) mintedToken {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var b strings.Builder
	b.WriteString(s.tokenPrefix)
	b.WriteByte('A')
	for range 28 {
		b.WriteByte(letters[s.rand.IntN(len(letters))])
	}
	t := mintedToken{b.String(), o, sc, s.opts.Now().Add(tokenLife)}
	s.minted = append(s.minted, t)
	s.touch()
	return t
}

// SetTokenPrefix makes every later token begin with prefix, so that a test finds one
// wherever it ends up.
func (s *Server) SetTokenPrefix(prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenPrefix = prefix
}

// Tokens are all the secrets that the server ever handed out: registration, remove and
// download tokens.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := make([]string, 0, len(s.minted))
	for _, t := range s.minted {
		values = append(values, t.value)
	}
	return values
}

// ErrToken is the refusal of a token that is unknown, of another kind, or expired.
var ErrToken = errors.New("githubd: token refused")

// Join registers a machine with a registration token, as config.sh does, in the scope
// that the token is for.
func (s *Server) Join(token string, r Runner) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, err := s.redeem(token, opRegistrationToken)
	if err != nil {
		return 0, err
	}
	return s.addRunner(sc, r), nil
}

// Leave removes a machine with a remove token, as config.sh remove does. It reports
// whether the scope had the runner.
func (s *Server) Leave(token string, id int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, err := s.redeem(token, opRemoveToken)
	if err != nil {
		return false, err
	}
	return s.remove(sc, id), nil
}

func (s *Server) redeem(token string, o op) (*scope, error) {
	for _, t := range s.minted {
		if t.value == token && t.op == o && s.opts.Now().Before(t.expiresAt) {
			return t.scope, nil
		}
	}
	return nil, ErrToken
}
