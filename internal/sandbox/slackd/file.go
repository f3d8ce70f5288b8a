package slackd

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// File is an uploaded file.
type File struct {
	ID, Name, Title, Channel, ThreadTS, Comment string
	Content                                     []byte
	length                                      int
	shared                                      bool
}

func (s *Server) getUploadURL(r *request) (map[string]any, *failure) {
	n, err := strconv.Atoi(r.str("length"))
	if err != nil || n <= 0 {
		return nil, mistaken("missing_argument", "length")
	}
	f := &File{ID: s.newID("F"), Name: r.str("filename"), length: n}
	s.uploads[f.ID] = f
	return map[string]any{"upload_url": s.origin + "/upload/v1/" + f.ID, "file_id": f.ID}, nil
}

// serveUpload takes the bytes of a file, raw or as the part "file" of a form.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	fault := s.takeFault("upload")
	fail := fault.failure()
	if fault.stop(s, r) {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		return
	}
	id := lastPart(r.URL.Path)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		r.Body = io.NopCloser(bytes.NewReader(body))
		part, _, err := r.FormFile("file")
		if err != nil {
			s.violation("upload: no part named file: %v", err)
			http.Error(w, "no file", http.StatusBadRequest)
			return
		}
		if body, err = io.ReadAll(part); err != nil {
			return
		}
	}
	status, text := http.StatusOK, ""
	s.mu.Lock()
	f := s.uploads[id]
	switch {
	case fail != nil:
		status = max(fail.status, http.StatusInternalServerError)
	case f == nil || f.Content != nil:
		status, text = http.StatusNotFound, "no such upload"
	case f.length != len(body):
		status, text = http.StatusBadRequest, "length differs"
	default:
		f.Content = body
	}
	s.mu.Unlock()
	call := Call{Method: "upload", Args: map[string]string{"file": id, "content": string(body)}, At: s.opt.Now(), Status: status}
	if status != http.StatusOK {
		call.Err = "upload refused"
		if text != "" {
			s.violation("upload of %s: %s", id, text)
		}
	}
	s.record(call)
	if fault != nil && fault.DropAfterEffect {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = io.WriteString(w, "OK - "+strconv.Itoa(len(body)))
	}
}

func (s *Server) completeUpload(r *request) (map[string]any, *failure) {
	var list []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if json.Unmarshal(r.object("files"), &list) != nil || len(list) == 0 {
		return nil, mistaken("invalid_arguments", "files must be a list of id and title")
	}
	channel := r.str("channel_id")
	if channel == "" {
		channel = r.str("channels")
	}
	var c *Channel
	if channel != "" {
		c = s.channels[channel]
		switch {
		case c == nil || (c.Private && !s.botIn(c)):
			return nil, refuse("channel_not_found")
		case c.Archived:
			return nil, refuse("is_archived")
		case !s.botIn(c):
			return nil, refuse("not_in_channel")
		}
	}
	var out []map[string]any
	for _, one := range list {
		f := s.uploads[one.ID]
		if f == nil || f.Content == nil || f.shared {
			return nil, mistaken("file_not_found")
		}
		f.Title, f.shared, f.Comment = one.Title, true, r.str("initial_comment")
		if f.Title == "" {
			f.Title = f.Name
		}
		if c != nil {
			f.Channel, f.ThreadTS = c.ID, s.thread(c.ID, r.str("thread_ts"))
			s.add(&Message{Channel: c.ID, ThreadTS: f.ThreadTS, User: s.app.BotUser,
				Text: strings.TrimSpace(f.Comment + "\n📄 " + f.Title)})
		}
		s.files = append(s.files, f)
		out = append(out, map[string]any{"id": f.ID, "title": f.Title})
	}
	return map[string]any{"files": out}, nil
}

// Files lists the files shared to a channel that the person can see.
func (p *Person) Files(channel string) []File {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []File
	c := p.s.channels[channel]
	if c == nil || !p.s.canSee(c, p.id) {
		return nil
	}
	for _, f := range p.s.files {
		if f.Channel == channel {
			one := *f
			one.Content = slices.Clone(f.Content)
			out = append(out, one)
		}
	}
	return out
}
