package fleet

import (
	"fmt"
	"log/slog"
	"time"
)

const redacted = "[redacted]"

// Secret is a text that no log, message, error or store may hold. However it is
// printed or marshalled it reads "[redacted]"; only Reveal gives it away. The text lies
// behind a pointer because fmt looks into unexported fields without asking them.
type Secret struct{ value *string }

// NewSecret keeps value secret.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal is the secret itself, for the one place that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String is "[redacted]".
func (s Secret) String() string { return redacted }

// GoString is "[redacted]".
func (s Secret) GoString() string { return redacted }

// Format prints "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue logs "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText writes "[redacted]", which JSON and YAML use too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Token is a registration or remove token, and when it ends. GitHub's live an hour.
type Token struct {
	Value     Secret
	ExpiresAt time.Time
}
