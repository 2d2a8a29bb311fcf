/** The secret a request brings: `Authorization: Bearer`, then `X-API-Key`; null when it brings none. */
export function secretOf(request: Request): string | null {
  const authorization = request.headers.get("authorization");
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
  return bearer ?? request.headers.get("x-api-key")?.trim() ?? null;
}
