package contract

import (
	"bytes"
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
