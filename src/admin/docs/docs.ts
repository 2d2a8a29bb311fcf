/** Starts the reader of the API reference. It is loaded from this server, and told to ask no other. */
const reader = document.createElement("script");
reader.src = "/api/v1/docs/scalar.js";
reader.addEventListener("load", () => {
  scalar().createApiReference("#reference", {
    url: "/api/v1/openapi.json",
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    mcp: { disabled: true },
    agent: { disabled: true },
  });
});
reader.addEventListener("error", () => {
  document.body.textContent = "The reference could not be loaded. /api/v1/openapi.json describes the API.";
});
document.head.append(reader);

interface Reader {
  createApiReference(where: string, options: Record<string, unknown>): void;
}
const scalar = (): Reader => (window as unknown as { Scalar: Reader }).Scalar;
