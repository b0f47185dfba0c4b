# blockproxy in a container: settings and certificates come in at /etc/blockproxy, the event log stays in a volume.
#
#   docker build -t blockproxy .
#   docker run -v ./blockproxy.yaml:/etc/blockproxy/blockproxy.yaml:ro -v ./tls:/etc/blockproxy/tls:ro \
#       -v blockproxy:/var/lib/blockproxy -p 1143:1143 -p 1587:1587 blockproxy
#
# Inside a container only `listen.host: 0.0.0.0` can be reached, and that needs `tls` with a certificate. To listen in
# plaintext on the host's own loopback, use --network host.

FROM python:3.13-slim AS build
WORKDIR /source
RUN python -m venv /opt/blockproxy
COPY pyproject.toml README.md LICENSE ./
COPY rules rules
COPY blockproxy blockproxy
RUN /opt/blockproxy/bin/pip install --no-cache-dir .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/blockproxy --create-home --shell /usr/sbin/nologin blockproxy
COPY --from=build /opt/blockproxy /opt/blockproxy
# XDG_DATA_HOME: the event log's standard place becomes /var/lib/blockproxy/events.sqlite3.
ENV PATH=/opt/blockproxy/bin:$PATH XDG_DATA_HOME=/var/lib PYTHONUNBUFFERED=1
USER blockproxy
VOLUME /var/lib/blockproxy
EXPOSE 1143 1587
# Does not ask the mail servers: when they are down, restarting the proxy does not bring them back.
HEALTHCHECK --interval=60s --timeout=15s --start-period=10s CMD ["blockproxy", "check", "--local", "--running"]
ENTRYPOINT ["blockproxy"]
CMD ["run"]
