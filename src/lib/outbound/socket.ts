/** Asks a server on a unix socket of this machine. */
export const askSocket = (path: string, request: Request): Promise<Response> =>
  fetch(request, { unix: path } as RequestInit);
