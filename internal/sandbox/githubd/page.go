package githubd

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// GitHub's page sizes.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
const (
	defaultPerPage = 30
	maxPerPage     = 100
)

// page is one page of a list.
type page struct {
	number, last, size int
	from, to           int // of the whole list
}

// goodCount tells whether a page number or a page size is one that GitHub documents.
func goodCount(key, text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 1 && (key != "per_page" || n <= maxPerPage)
}

// pageOf is the page that a query asks for. The query was found to be good.
func pageOf(query url.Values, total int) page {
	number, size := 1, defaultPerPage
	if n, err := strconv.Atoi(query.Get("page")); err == nil {
		number = n
	}
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil {
		size = n
	}
	p := page{number: number, size: size, last: max(1, (total+size-1)/size)}
	if number <= p.last {
		p.from = (number - 1) * size
		p.to = min(p.from+size, total)
	}
	return p
}

// link sets the Link header as GitHub does: prev and first but on the first page, next
// and last but on the last, and none when there is but one.
func (p page) link(h http.Header, address string, query url.Values) {
	var links []string
	add := func(rel string, number int) {
		q := maps.Clone(query)
		if q == nil {
			q = url.Values{}
		}
		q.Set("page", strconv.Itoa(number))
		links = append(links, "<"+address+"?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	if p.number > 1 {
		add("prev", min(p.number-1, p.last))
	}
	if p.number < p.last {
		add("next", p.number+1)
		add("last", p.last)
	}
	if p.number > 1 {
		add("first", 1)
	}
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
	}
}
