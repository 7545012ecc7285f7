module client

go 1.25.0

require github.com/checkpoint-restore/go-criu/v8 v8.4.0

require github.com/aperturerobotics/protobuf-go-lite v0.15.0 // indirect
