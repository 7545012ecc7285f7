// A client as an engine has it: go-criu's own calls by swrk, and its messages over a socket, where it has no call.
//
//	client swrk PROGRAM version|features|atleast|dump
//	client service SOCKET version|features|check|dump
//
// It prints one JSON object.
package main

import (
	"encoding/json"
	"net"
	"os"

	criu "github.com/checkpoint-restore/go-criu/v8"
	"github.com/checkpoint-restore/go-criu/v8/rpc"
)

type object = map[string]any

func ptr[T any](value T) *T { return &value }

func features() *rpc.CriuFeatures {
	return &rpc.CriuFeatures{MemTrack: ptr(true), LazyPages: ptr(true), PidfdStore: ptr(true)}
}

func featuresObject(f *rpc.CriuFeatures) object {
	return object{"mem_track": f.GetMemTrack(), "lazy_pages": f.GetLazyPages(), "pidfd_store": f.GetPidfdStore()}
}

func options() *rpc.CriuOpts { return &rpc.CriuOpts{ImagesDirFd: ptr(int32(-1))} }

func swrk(program, what string) (object, error) {
	c := criu.MakeCriu()
	c.SetCriuPath(program)
	switch what {
	case "version":
		number, err := c.GetCriuVersion()
		return object{"number": number}, err
	case "atleast":
		yes, err := c.IsCriuAtLeast(31600)
		return object{"atleast": yes}, err
	case "features":
		f, err := c.FeatureCheck(features())
		if err != nil {
			return nil, err
		}
		return featuresObject(f), nil
	default:
		return object{"dumped": true}, c.Dump(options(), nil)
	}
}

func service(socket, what string) (object, error) {
	types := map[string]rpc.CriuReqType{
		"version": rpc.CriuReqType_VERSION, "features": rpc.CriuReqType_FEATURE_CHECK,
		"check": rpc.CriuReqType_CHECK, "dump": rpc.CriuReqType_DUMP,
	}
	req := &rpc.CriuReq{Type: ptr(types[what])}
	switch what {
	case "features":
		req.Features = features()
	case "dump":
		req.Opts = options()
	}
	packet, err := req.MarshalVT()
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("unixpacket", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	buffer := make([]byte, 8192)
	n, err := conn.Read(buffer)
	if err != nil {
		return nil, err
	}
	resp := &rpc.CriuResp{}
	if err := resp.UnmarshalVT(buffer[:n]); err != nil {
		return nil, err
	}
	out := object{"type": resp.GetType().String(), "success": resp.GetSuccess(), "errno": resp.GetCrErrno(), "message": resp.GetCrErrmsg()}
	if f := resp.GetFeatures(); f != nil {
		out["features"] = featuresObject(f)
	}
	if v := resp.GetVersion(); v != nil {
		out["version"] = object{"major": v.GetMajorNumber(), "minor": v.GetMinorNumber(), "sublevel": v.GetSublevel()}
	}
	return out, nil
}

func main() {
	ask := map[string]func(string, string) (object, error){"swrk": swrk, "service": service}[os.Args[1]]
	answer, err := ask(os.Args[2], os.Args[3])
	if err != nil {
		answer = object{"error": err.Error()}
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}
