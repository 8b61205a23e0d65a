package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// ownCluster is a cluster of one test alone, whose broker it may stop, kill and start again. Whoever
// runs the suite offers them (e2e/cluster-control.mjs); against any other cluster the test is skipped.
type ownCluster struct {
	control, id, namesrv, broker string
}

// newOwnCluster starts one; settings are further lines of broker.conf, as a URL query.
func newOwnCluster(t *testing.T, settings string) *ownCluster {
	t.Helper()
	c := &ownCluster{control: os.Getenv("CONTROL")}
	if c.control == "" {
		t.Skip("nobody offers clusters to stop and kill")
	}
	answer := strings.Fields(c.post(t, "?"+settings))
	c.id, c.namesrv, c.broker = answer[0], answer[1], answer[2]
	t.Cleanup(func() { c.post(t, c.id+"/end") })
	return c
}

// restart ends the broker, "stop" with SIGTERM or "kill" with SIGKILL, and starts it again.
func (c *ownCluster) restart(t *testing.T, end string) {
	t.Helper()
	c.post(t, c.id+"/"+end)
	c.post(t, c.id+"/start")
}

func (c *ownCluster) post(t *testing.T, path string) string {
	t.Helper()
	answer, err := http.Post(c.control+"/"+path, "text/plain", nil)
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode != http.StatusOK {
		must(t, fmt.Errorf("%s: %s", path, text))
	}
	return string(text)
}
