# syntax=docker/dockerfile:1
FROM golang:1.26.8 AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/ucal ./cmd/ucal

# One static binary, certificates and time zones, no shell. `ucal health` asks a running API.
FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /out/ucal /ucal
EXPOSE 8080
ENTRYPOINT ["/ucal"]
CMD ["api"]
