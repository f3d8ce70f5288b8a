package tour

import (
	"os"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// The built-in Slack gives the bot what manifest.yml asks for, no more and no less.
func TestAppIsTheManifests(t *testing.T) {
	data, err := os.ReadFile("../../../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Features struct {
			Home struct {
				Tab bool `yaml:"home_tab_enabled"`
			} `yaml:"app_home"`
			Commands []struct {
				Command string `yaml:"command"`
				Escape  bool   `yaml:"should_escape"`
			} `yaml:"slash_commands"`
			Shortcuts []any `yaml:"shortcuts"`
		} `yaml:"features"`
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			SocketMode bool `yaml:"socket_mode_enabled"`
		} `yaml:"settings"`
	}
	if err := yaml.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	a := app()
	slices.Sort(manifest.OAuth.Scopes.Bot)
	if diff := cmp.Diff(manifest.OAuth.Scopes.Bot, a.Scopes); diff != "" {
		t.Errorf("scopes (manifest, app): %s", diff)
	}
	if diff := cmp.Diff(manifest.Settings.Events.Bot, a.Events); diff != "" {
		t.Errorf("events (manifest, app): %s", diff)
	}
	if len(manifest.Features.Shortcuts) != len(a.Shortcuts) || manifest.Features.Home.Tab == a.NoHomeTab || !manifest.Settings.SocketMode {
		t.Error("shortcuts, home tab or Socket Mode differ")
	}
	c := manifest.Features.Commands
	if len(c) != 1 || c[0].Command != a.Command || c[0].Escape == a.PlainText {
		t.Errorf("the slash commands are %+v, the app's is %s", c, a.Command)
	}
}
