package description_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"runnerdesk/internal/sandbox/githubd/description"
)

// TestCheck plants faults in answers and requests that the description
// must not let pass.
func TestCheck(t *testing.T) {
	judge, err := description.Load("/api/v3")
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("GitHub's description is not here: this test was left out")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	good := `{"total_count":1,"runners":[{"id":1,"name":"a","os":"linux","status":"online","busy":false,"labels":[{"name":"x","type":"custom"}]}]}`
	for name, tc := range map[string]struct {
		method, path string
		status       int
		body         string
		caught       bool
	}{
		"good":             {"GET", "/orgs/o/actions/runners?per_page=100", 200, good, false},
		"no busy":          {"GET", "/orgs/o/actions/runners", 200, strings.Replace(good, `"busy":false,`, "", 1), true},
		"id in quotes":     {"GET", "/orgs/o/actions/runners", 200, strings.Replace(good, `"id":1`, `"id":"1"`, 1), true},
		"labels null":      {"GET", "/orgs/o/actions/runners", 200, strings.Replace(good, `[{"name":"x","type":"custom"}]`, "null", 1), true},
		"label type":       {"GET", "/orgs/o/actions/runners", 200, strings.Replace(good, `"custom"`, `"mine"`, 1), true},
		"no total":         {"GET", "/orgs/o/actions/runners", 200, `{"runners":[]}`, true},
		"page in words":    {"GET", "/orgs/o/actions/runners?page=two", 200, good, true},
		"unknown query":    {"GET", "/orgs/o/actions/runners?q=1", 200, good, true},
		"unknown route":    {"DELETE", "/orgs/o", 204, "", true},
		"undescribed 200":  {"DELETE", "/orgs/o/actions/runners/1", 200, "{}", true},
		"token without it": {"POST", "/orgs/o/actions/runners/remove-token", 201, `{"expires_at":"2026-01-01T00:00:00Z"}`, true},
	} {
		r, err := http.NewRequest(tc.method, "http://127.0.0.1/api/v3"+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = judge.Check(r, tc.status, http.Header{"Content-Type": {"application/json"}}, []byte(tc.body))
		if (err != nil) != tc.caught {
			t.Errorf("%s: got %v, want caught %v", name, err, tc.caught)
		}
	}
}
