/**
 * A certificate for one host, with its key: PEM, the chain behind the certificate itself.
 */
export interface HostCertificate {
  readonly certificates: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Where certificates of domains come from, when this process ends TLS itself. Nothing implements it yet, and nothing
 * listens by TLS: servers in front do (`docs/domains.md`). Whoever implements it
 *
 * * asks `askServed` of `features/domains/served.ts` before a certificate is got for a host: the same word that
 *   `GET /domains/check` gives to servers in front, so that strangers cannot have them made for theirs;
 * * hears of `domain.deleted`, `domain.released` and `workspace.purged`, and forgets;
 * * keeps keys sealed (`sealing.ts`), and answers challenges below `/.well-known/acme-challenge/`, which no slug can be.
 */
export interface CertificateSource {
  /** The certificate of a host (lower case, no port) at this moment; null while there is none. Asked in a handshake. */
  certificateOf(host: string): HostCertificate | null | Promise<HostCertificate | null>;
}
