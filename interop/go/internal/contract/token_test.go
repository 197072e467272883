package contract

import (
	"bytes"
	"os/exec"
	"testing"
)

func TestATokenOfAnotherLanguageIsReadWhateverElseItHas(t *testing.T) {
	own := []byte(`{"Protocol":"grpc","ProtocolVersion":1,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/tmp/p"}}`)
	more := bytes.Replace(own, []byte(`"Pid"`), []byte(`"Birth":{"Boot":"b","Ticks":1},"Pid"`), 1)
	config, err := ReadToken(more)
	if err != nil {
		t.Fatal(err)
	}
	written, err := WriteToken(config)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, own) {
		t.Errorf("got %s", written)
	}
}

func TestATokenWithoutAnAddressIsRefused(t *testing.T) {
	for _, text := range []string{`{}`, `{"Addr":{"Network":"pipe","String":"a"}}`, `grpc`} {
		if config, err := ReadToken([]byte(text)); err == nil {
			t.Errorf("%s: %+v", text, config)
		}
	}
}

func TestTheVariableIsReadAsAShellWouldReadIt(t *testing.T) {
	own := []byte(`{"Protocol":"grpc","ProtocolVersion":1,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/tmp/it's"}}`)
	config, err := ReadToken(own)
	if err != nil {
		t.Fatal(err)
	}
	variable, err := WriteVariable(config)
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("sh", "-c", variable+`; printf %s "$`+TokensVariable+`"`).Output()
	if err != nil {
		t.Fatal(err)
	}
	if expected := `{"` + Provider + `":` + string(own) + `}`; string(said) != expected {
		t.Errorf("a shell has %s", said)
	}
	read, err := ReadVariable(variable)
	if err != nil || read.Addr.String() != "/tmp/it's" || !read.Test {
		t.Errorf("%+v, %v", read, err)
	}
	for _, line := range []string{"", string(own), TokensVariable + "='{}'", TokensVariable + "='{", variable + "x"} {
		if config, err := ReadVariable(line); err == nil {
			t.Errorf("%s: %+v", line, config)
		}
	}
}
