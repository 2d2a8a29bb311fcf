# Built as a stranger would build it: Node and npm, and what they fetch.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json bun.lock bunfig.toml ./
COPY scripts/install.mjs scripts/
RUN node scripts/install.mjs
COPY . .
ARG TARGETARCH=amd64
RUN npm run build -- --target=linux-$(echo "$TARGETARCH" | sed s/amd64/x64/) --outfile=dist/waypost

# The executable needs the C library and nothing else: no Node, no packages, no shell of its own.
FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --no-create-home waypost \
 && install --directory --owner=10001 --group=10001 --mode=700 /data
COPY --from=build /src/dist/waypost /usr/local/bin/waypost
COPY LICENSE NOTICE /usr/share/doc/waypost/
ENV WAYPOST_HOST=0.0.0.0 WAYPOST_DATA_DIR=/data
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
# Everything that is kept. The rest of the file system may be read-only: docker run --read-only.
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["waypost", "health"]
ENTRYPOINT ["waypost"]
CMD ["serve"]
