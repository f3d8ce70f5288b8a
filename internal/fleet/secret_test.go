package fleet

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretNeverShows(t *testing.T) {
	const canary = "CANARY-7f3a"
	hexed := fmt.Sprintf("%x", canary)
	secret := NewSecret(canary)
	type hidden struct {
		secret Secret
		token  Token
	}
	type shown struct {
		Secret  Secret
		Pointer *Secret
		Map     map[string]Secret
	}
	values := map[string]any{
		"secret": secret, "pointer": &secret, "token": Token{Value: secret}, "token pointer": &Token{Value: secret},
		"unexported": hidden{secret, Token{Value: secret}}, "unexported pointer": &hidden{secret, Token{Value: secret}},
		"exported": shown{secret, &secret, map[string]Secret{"a": secret}}, "slice": []Secret{secret}, "pointers": []*Secret{&secret},
		"key": map[Secret]int{secret: 1}, "any": []any{secret, &secret},
		"error": fmt.Errorf("made %v: %w", secret, errors.New("x")), "joined": errors.Join(fmt.Errorf("%s", secret)),
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%t", "%o", "%c", "%U", "%e", "%b", "%10.3s", "%!"} {
			check(t, name+" "+verb, fmt.Sprintf(verb, v), canary, hexed)
		}
		check(t, name+" print", fmt.Sprint(v)+fmt.Sprintln(v), canary, hexed)
		if b, err := json.Marshal(v); err == nil {
			check(t, name+" json", string(b), canary, hexed)
		}
		if b, err := xml.Marshal(v); err == nil {
			check(t, name+" xml", string(b), canary, hexed)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v, slog.Any("w", v), slog.Group("g", "v", v))
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v, slog.Any("w", v), slog.Group("g", "v", v))
		check(t, name+" log", log.String(), canary, hexed)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, secret); got != "[redacted]" {
			t.Errorf("%s gives %q", verb, got)
		}
	}
	if b, err := json.Marshal(shown{Secret: secret}); err != nil || !strings.Contains(string(b), `"Secret":"[redacted]"`) {
		t.Errorf("json: %s, %v", b, err)
	}
	if secret.Reveal() != canary {
		t.Error("Reveal does not give the secret")
	}
}

func check(t *testing.T, where, text, canary, hexed string) {
	t.Helper()
	if strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), hexed) {
		t.Errorf("%s leaks: %s", where, text)
	}
}

func TestSecretIsZero(t *testing.T) {
	if !(Secret{}).IsZero() || !NewSecret("").IsZero() || NewSecret("x").IsZero() || (Secret{}).Reveal() != "" {
		t.Error("IsZero is wrong")
	}
}
