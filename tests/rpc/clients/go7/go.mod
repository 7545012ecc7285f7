module client

go 1.20

require (
	github.com/checkpoint-restore/go-criu/v7 v7.2.0
	google.golang.org/protobuf v1.34.2
)
