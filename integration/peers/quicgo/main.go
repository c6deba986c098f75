// quic-go as a client and a server of the namespace cases; built by lib/go_peer.sh.
//
//	quicgo server ADDRESS:PORT CERT KEY [retry] [echo] [cid=N] [idle=S]
//	    answers a line "SIZE" on a stream with so many bytes; with "echo" it sends back what a stream brings. Its connection IDs have
//	    N (4) bytes, and its connections end after S (30) seconds of silence. With "retry" each Initial without a token gets a Retry,
//	    and it prints "retry".
//	quicgo client ADDRESS:PORT NAME [h3] [echo] [big] [v2] [draft29] [cid=N] [size=N] [wait=MS]
//	    asks for N bytes (100) and again after MS, and prints "got N" an answer; status 1 when the connection fails. With "echo" it
//	    says "hello-quic" and prints "echo " and the answer. With "h3" the server is one of HTTP/3, and the client asks for nothing.
//	    "big" makes a ClientHello of two datagrams. "v2" is this library's: the draft of version 2. Its connection IDs have N (0) bytes.
//
//	quicgo many ADDRESS:PORT NAME COUNT EVERY
//	    holds COUNT connections, each of which asks for 1000 bytes every so many milliseconds; one that failed is made anew. At each
//	    SIGUSR1 it prints "established N lost N answers N silence MS late N" of the time since the last one: how many connections
//	    stand, how many failed that stood, the longest that one of them waited beyond EVERY for its next answer, and how many have
//	    waited for a second now.
//
// Connection IDs have 0 bytes or 4 to 18.
//
// This server loses the second of two Initials that come within some 0.2 ms: what it has not yet made a connection for waits in
// a queue, and all but the first of one connection ID are thrown away there.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	quic "github.com/lucas-clemente/quic-go"
)

const protocol = "lab"

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, "quicgo:", what+":", err)
	os.Exit(1)
}

// number returns N of "key=N", and false for another option.
func number(option, key string) (int, bool) {
	if !strings.HasPrefix(option, key+"=") {
		return 0, false
	}
	n, err := strconv.Atoi(option[len(key)+1:])
	if err != nil || n < 0 || key == "cid" && n != 0 && (n < 4 || n > 18) {
		fail("option", fmt.Errorf("'%s' is no number that is allowed: of cid 0 and 4 to 18", option))
	}
	return n, true
}

func answer(stream quic.Stream, echo bool) {
	defer stream.Close()
	if echo {
		io.Copy(stream, stream)
		return
	}
	line, err := bufio.NewReader(stream).ReadString('\n')
	size, bad := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || bad != nil || size < 0 || size > 100<<20 {
		return
	}
	stream.Write(make([]byte, size))
}

func answerAll(conn quic.Connection, echo bool) {
	for {
		stream, err := conn.AcceptStream(context.Background())
		if err != nil {
			return
		}
		go answer(stream, echo)
	}
}

func server(args []string) {
	pair, err := tls.LoadX509KeyPair(args[1], args[2])
	if err != nil {
		fail("certificate", err)
	}
	retry, echo, cid, idle := false, false, 4, 30
	for _, option := range args[3:] {
		if n, found := number(option, "cid"); found {
			cid = n
		} else if n, found := number(option, "idle"); found {
			idle = n
		} else if option == "retry" {
			retry = true
		} else if option == "echo" {
			echo = true
		} else {
			fail("option", fmt.Errorf("'%s' is none of retry, echo, cid=, idle=", option))
		}
	}
	config := &quic.Config{
		Versions:           []quic.VersionNumber{quic.Version1, quic.Version2, quic.VersionDraft29},
		ConnectionIDLength: cid,
		MaxIdleTimeout:     time.Duration(idle) * time.Second,
		RequireAddressValidation: func(net.Addr) bool {
			if retry {
				fmt.Println("retry")
			}
			return retry
		},
	}
	listener, err := quic.ListenAddr(args[0], &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{protocol}}, config)
	if err != nil {
		fail("listen", err)
	}
	for {
		conn, err := listener.Accept(context.Background())
		if err != nil {
			fail("accept", err)
		}
		go answerAll(conn, echo)
	}
}

// say sends the words on a stream of their own, and returns that for the answer.
func say(conn quic.Connection, words string) quic.Stream {
	stream, err := conn.OpenStreamSync(context.Background())
	if err != nil {
		fail("stream", err)
	}
	fmt.Fprint(stream, words)
	stream.Close()
	return stream
}

func sayHello(conn quic.Connection) {
	answer, err := io.ReadAll(say(conn, "hello-quic"))
	if err != nil {
		fail("read", err)
	}
	fmt.Printf("echo %s\n", answer)
}

func ask(conn quic.Connection, size int) {
	got, err := io.Copy(io.Discard, say(conn, fmt.Sprintln(size)))
	if err != nil || got != int64(size) {
		fail(fmt.Sprint("got ", got), err)
	}
	fmt.Println("got", got)
}

// tally is what all connections of "many" count together.
type tally struct {
	sync.Mutex
	every       time.Duration
	answers     int
	lost        int
	silence     time.Duration
	lastAnswers map[quic.Connection]time.Time // of those that stand
}

func (t *tally) answered(conn quic.Connection) {
	t.Lock()
	defer t.Unlock()
	now := time.Now()
	if last, stands := t.lastAnswers[conn]; stands {
		t.waited(now.Sub(last))
	}
	t.lastAnswers[conn] = now
	t.answers++
}

func (t *tally) waited(since time.Duration) {
	if since-t.every > t.silence {
		t.silence = since - t.every
	}
}

func (t *tally) failed(conn quic.Connection, err error) {
	t.Lock()
	defer t.Unlock()
	if last, stands := t.lastAnswers[conn]; stands {
		t.waited(time.Since(last))
		t.lost++
		fmt.Fprintln(os.Stderr, "lost:", err)
	}
	delete(t.lastAnswers, conn)
}

func (t *tally) report() {
	t.Lock()
	defer t.Unlock()
	late := 0
	for _, last := range t.lastAnswers {
		since := time.Since(last)
		t.waited(since)
		if since > t.every+time.Second {
			late++
		}
	}
	fmt.Printf("established %d lost %d answers %d silence %d late %d\n", len(t.lastAnswers), t.lost, t.answers, t.silence.Milliseconds(), late)
	t.lost, t.answers, t.silence = 0, 0, 0
}

// asks returns when the connection failed.
func (t *tally) asks(conn quic.Connection) error {
	for {
		stream, err := conn.OpenStreamSync(context.Background())
		if err != nil {
			return err
		}
		fmt.Fprintln(stream, 1000)
		stream.Close()
		if got, err := io.Copy(io.Discard, stream); err != nil || got != 1000 {
			return fmt.Errorf("got %d: %v", got, err)
		}
		t.answered(conn)
		time.Sleep(t.every)
	}
}

func (t *tally) keep(address, name string) {
	for {
		conn, err := quic.DialAddr(address, &tls.Config{InsecureSkipVerify: true, ServerName: name, NextProtos: []string{protocol}},
			&quic.Config{Versions: []quic.VersionNumber{quic.Version1}, HandshakeIdleTimeout: 8 * time.Second, MaxIdleTimeout: 120 * time.Second})
		if err != nil {
			time.Sleep(t.every)
			continue
		}
		t.failed(conn, t.asks(conn))
		conn.CloseWithError(1, "")
	}
}

func many(args []string) {
	count, bad := strconv.Atoi(args[2])
	every, worse := strconv.Atoi(args[3])
	if bad != nil || worse != nil {
		fail("arguments", fmt.Errorf("'%s' and '%s' must be numbers", args[2], args[3]))
	}
	t := &tally{every: time.Duration(every) * time.Millisecond, lastAnswers: map[quic.Connection]time.Time{}}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	for i := 0; i < count; i++ {
		go t.keep(args[0], args[1])
		time.Sleep(5 * time.Millisecond)
	}
	for range asked {
		t.report()
	}
}

type wishes struct {
	protocols       []string
	version         quic.VersionNumber
	web, echo       bool
	cid, size, wait int
}

func read(options []string) wishes {
	w := wishes{protocols: []string{protocol}, version: quic.Version1, size: 100}
	values := map[string]*int{"cid": &w.cid, "size": &w.size, "wait": &w.wait}
next:
	for _, option := range options {
		for key, value := range values {
			if n, found := number(option, key); found {
				*value = n
				continue next
			}
		}
		switch option {
		case "big":
			for i := 0; i < 8; i++ {
				w.protocols = append(w.protocols, strings.Repeat("x", 150)+strconv.Itoa(i))
			}
		case "h3":
			w.protocols[0], w.web = "h3", true
		case "echo":
			w.echo = true
		case "v2":
			w.version = quic.Version2
		case "draft29":
			w.version = quic.VersionDraft29
		default:
			fail("option", fmt.Errorf("'%s' is none of h3, echo, big, v2, draft29, cid=, size=, wait=", option))
		}
	}
	return w
}

func client(args []string) {
	w := read(args[2:])
	conn, err := quic.DialAddr(args[0], &tls.Config{InsecureSkipVerify: true, ServerName: args[1], NextProtos: w.protocols},
		&quic.Config{Versions: []quic.VersionNumber{w.version}, ConnectionIDLength: w.cid, HandshakeIdleTimeout: 8 * time.Second})
	if err != nil {
		fail("dial", err)
	}
	switch {
	case w.web:
		fmt.Println("connected")
		conn.CloseWithError(0x100, "") // H3_NO_ERROR
		return
	case w.echo:
		sayHello(conn)
	default:
		ask(conn, w.size)
	}
	if w.wait > 0 {
		time.Sleep(time.Duration(w.wait) * time.Millisecond)
		ask(conn, w.size)
	}
	conn.CloseWithError(0, "")
}

func main() {
	switch {
	case len(os.Args) >= 5 && os.Args[1] == "server":
		server(os.Args[2:])
	case len(os.Args) >= 4 && os.Args[1] == "client":
		client(os.Args[2:])
	case len(os.Args) == 6 && os.Args[1] == "many":
		many(os.Args[2:])
	default:
		fmt.Fprintln(os.Stderr, "usage: quicgo server ADDRESS:PORT CERT KEY [retry] [echo] [cid=N] [idle=S]")
		fmt.Fprintln(os.Stderr, "       quicgo client ADDRESS:PORT NAME [h3] [echo] [big] [v2] [draft29] [cid=N] [size=N] [wait=MS]")
		fmt.Fprintln(os.Stderr, "       quicgo many ADDRESS:PORT NAME COUNT EVERY")
		os.Exit(2)
	}
}
