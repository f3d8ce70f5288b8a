# One static binary (cgo, for SQLite) on an image without a shell, run by nobody in
# particular. State is in /data: mount a volume there.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=1 go build -trimpath \
      -tags osusergo,netgo,sqlite_omit_load_extension,timetzdata \
      -ldflags "-s -w -X main.version=${VERSION} -linkmode external -extldflags -static" \
      -o /out/runnerdesk . \
 && mkdir -m 0700 /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/runnerdesk /runnerdesk
COPY --from=build --chown=nonroot:nonroot /out/data /data
WORKDIR /data
VOLUME /data
ENV RUNNERDESK_DATABASE=/data/runnerdesk.db
ENTRYPOINT ["/runnerdesk"]
CMD ["serve"]
