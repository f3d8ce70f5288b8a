package fleet

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// Versions of the runner application are numbers with dots: 2.329.0.
// https://github.com/actions/runner/releases
var versionShape = regexp.MustCompile(`^v?[0-9]{1,9}(\.[0-9]{1,9}){0,3}$`)

// CompareVersions compares two versions number by number; numbers that are left out are
// zero. It reports false when either is not a version.
func CompareVersions(a, b string) (order int, ok bool) {
	if !versionShape.MatchString(a) || !versionShape.MatchString(b) {
		return 0, false
	}
	x, y := versionParts(a), versionParts(b)
	for i := range x {
		if c := cmp.Compare(x[i], y[i]); c != 0 {
			return c, true
		}
	}
	return 0, true
}

func versionParts(v string) [4]int {
	var parts [4]int
	for i, p := range strings.Split(strings.TrimPrefix(v, "v"), ".") {
		parts[i], _ = strconv.Atoi(p) // the shape is checked: at most nine digits
	}
	return parts
}
