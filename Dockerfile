# The server as a container image: docker build -t carillon .     (docs/operations/container.md)
ARG BASE=docker.io/library/debian:12-slim

FROM ${BASE} AS build
ENV DEBIAN_FRONTEND=noninteractive
COPY . /src
WORKDIR /src
RUN script/package

FROM ${BASE}
# The package brings the libraries, the user and /etc/carillon; it is only looked at here, so no layer keeps it. The tool of
# ca-certificates and the GLib of libical's other half are nothing that the server loads.
RUN --mount=type=bind,from=build,source=/src/build/release,target=/packages \
    apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends ca-certificates /packages/carillon_*.deb && \
    apt-get clean && \
    rm -rf /var/lib/apt/lists/* /var/cache/debconf/* /usr/share/man/* /usr/share/doc/* && \
    rm -f /usr/bin/openssl /usr/lib/*/lib*-2.0.so.*
ENV CARILLON_CONFIG=/etc/carillon/carillon.toml \
    CARILLON_LISTEN=0.0.0.0:3000 \
    CARILLON_DATA_DIR=/var/lib/carillon
USER carillon
VOLUME /var/lib/carillon
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["carillon", "health"]
ENTRYPOINT ["carillon"]
CMD ["serve"]
