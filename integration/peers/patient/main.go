// A server whose answers are long in coming, for cases in which a connection has to last: quic-go of Debian; built by lib/go_peer.sh.
//
//	patient FOLDER CERT KEY h3 ADDRESS:PORT...
//	patient FOLDER CERT KEY doq ADDRESS:PORT...
//
// Until the file FOLDER/release is there:
//
//	h3   /late?n=N is not answered (a connection with nothing on the way), and of /drip?n=N some bytes come five times a second. What
//	     comes is a script that writes "N-whole" into the page. /page?scripts=URL,URL... is a page with these scripts. One that fails is
//	     asked for anew, with "&again", which is refused once the file FOLDER/standing is there: a connection that is lost is lost.
//	doq  no question is answered (RFC 9250); then each gets the text "hello-dns".
//
// qlog of each connection goes to FOLDER/qlog.
package main

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	quic "github.com/lucas-clemente/quic-go"
	"github.com/lucas-clemente/quic-go/http3"
	"github.com/lucas-clemente/quic-go/logging"
	"github.com/lucas-clemente/quic-go/qlog"
)

var folder string

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, "patient:", what+":", err)
	os.Exit(1)
}

func there(name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}

func released() bool {
	return there("release")
}

func tooLate(w http.ResponseWriter, r *http.Request) bool {
	refused := r.URL.Query().Has("again") && there("standing")
	if refused {
		http.NotFound(w, r)
	}
	return refused
}

func await(context context.Context) bool {
	for !released() {
		select {
		case <-context.Done():
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return true
}

func config() *quic.Config {
	return &quic.Config{
		MaxIdleTimeout: 5 * time.Minute,
		Tracer: qlog.NewTracer(func(_ logging.Perspective, id []byte) io.WriteCloser {
			file, err := os.Create(filepath.Join(folder, "qlog", fmt.Sprintf("%x.qlog", id)))
			if err != nil {
				fail("qlog", err)
			}
			return file
		}),
	}
}

func script(number string) string {
	return fmt.Sprintf("document.body.append('%s-whole ');\n", number)
}

func late(w http.ResponseWriter, r *http.Request) {
	if tooLate(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/javascript")
	if await(r.Context()) {
		io.WriteString(w, script(r.URL.Query().Get("n")))
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	if tooLate(w, r) {
		return
	}
	line := "//" + strings.Repeat(".", 997) + "\n"
	w.Header().Set("Content-Type", "text/javascript")
	for !released() && r.Context().Err() == nil {
		io.WriteString(w, line)
		w.(http.Flusher).Flush()
		time.Sleep(200 * time.Millisecond)
	}
	io.WriteString(w, script(r.URL.Query().Get("n")))
}

func page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, `<!doctype html><title>scripts</title><body><script>
function get(source) {
  const script = document.createElement("script")
  script.src = source
  script.onerror = () => setTimeout(() => get(source + "&again"), 500)
  document.body.append(script)
}
`)
	for _, source := range strings.Split(r.URL.Query().Get("scripts"), ",") {
		fmt.Fprintf(w, "get(%q)\n", source)
	}
	io.WriteString(w, "</script>\n")
}

func web(address string, identity *tls.Config) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/late", late)
	mux.HandleFunc("/drip", drip)
	mux.HandleFunc("/page", page)
	server := http3.Server{Addr: address, Handler: mux, TLSConfig: identity, QuicConfig: config()}
	return server.ListenAndServe()
}

// answer makes a question's message its answer: the header's bits, a count of 1, and a record of type TXT that points at the name.
func answer(question []byte) []byte {
	out := append([]byte{}, question[:12]...)
	end := 12
	for end < len(question) && question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	if end > len(question) {
		return nil
	}
	out[2], out[3] = out[2]|0x80, 0
	binary.BigEndian.PutUint16(out[6:], 1)
	binary.BigEndian.PutUint16(out[8:], 0)
	binary.BigEndian.PutUint16(out[10:], 0)
	text := "hello-dns"
	out = append(out, question[12:end]...)
	out = append(out, 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, byte(len(text)+1), byte(len(text)))
	return append(out, text...)
}

func resolve(context context.Context, stream quic.Stream) {
	defer stream.Close()
	message, err := io.ReadAll(io.LimitReader(stream, 4096))
	if err != nil || len(message) < 2+12+5 || !await(context) {
		return
	}
	said := answer(message[2:])
	stream.Write(append([]byte{byte(len(said) >> 8), byte(len(said))}, said...))
}

func resolver(address string, identity *tls.Config) error {
	listener, err := quic.ListenAddr(address, identity, config())
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept(context.Background())
		if err != nil {
			return err
		}
		go func() {
			for {
				stream, err := conn.AcceptStream(conn.Context())
				if err != nil {
					return
				}
				go resolve(conn.Context(), stream)
			}
		}()
	}
}

func main() {
	if len(os.Args) < 6 || os.Args[4] != "h3" && os.Args[4] != "doq" {
		fmt.Fprintln(os.Stderr, "usage: patient FOLDER CERT KEY h3|doq ADDRESS:PORT...")
		os.Exit(2)
	}
	folder = os.Args[1]
	pair, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
	if err != nil {
		fail("certificate", err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "qlog"), 0o700); err != nil {
		fail("qlog", err)
	}
	failed := make(chan error)
	for _, address := range os.Args[5:] {
		go func(address string) {
			if os.Args[4] == "h3" {
				failed <- web(address, &tls.Config{Certificates: []tls.Certificate{pair}})
			} else {
				failed <- resolver(address, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"doq"}})
			}
		}(address)
	}
	fail("listen", <-failed)
}
