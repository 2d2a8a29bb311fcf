import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}
export interface IssueOptions {
  /** As openssl writes times: `20200101000000Z`. The next seven days when left out. */
  readonly validity?: { readonly from: string; readonly to: string };
  /** An RSA key, for old ciphers. */
  readonly rsa?: boolean;
}
export interface Authority extends Certificate {
  /** A certificate for these names: `DNS:a.test`, `IP:127.0.0.1`. */
  issue(names: string, options?: IssueOptions): Certificate;
}

const openssl = (...args: string[]): void => {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
};

/** A certificate authority of our own, by the real openssl. */
export function makeAuthority(name: string): Authority {
  const folder = mkdtempSync(join(tmpdir(), "waypost-ca-"));
  const at = (file: string) => join(folder, file);
  const read = (file: string) => readFileSync(at(file), "utf8");
  const self = ["-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  openssl(
    "req",
    ...self,
    "-days",
    "30",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
  );
  writeFileSync(at("index.txt"), "");
  writeFileSync(
    at("ca.conf"),
    `[ca]\ndefault_ca=own\n[own]\ndatabase=${at("index.txt")}\nnew_certs_dir=${folder}\nrand_serial=yes
default_md=sha256\npolicy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n`,
  );
  let issued = 0;
  return {
    key: read("ca.key"),
    cert: read("ca.pem"),
    issue(names, { validity, rsa } = {}) {
      const own = `${++issued}`;
      const kind = rsa
        ? ["-newkey", "rsa:2048"]
        : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
      const ask = [...kind, "-nodes", "-subj", "/CN=server"];
      openssl(
        "req",
        ...ask,
        "-addext",
        `subjectAltName=${names}`,
        "-keyout",
        at(`${own}.key`),
        "-out",
        at(own),
      );
      const dates = validity ? ["-startdate", validity.from, "-enddate", validity.to] : ["-days", "7"];
      const sign = [
        "-config",
        at("ca.conf"),
        "-cert",
        at("ca.pem"),
        "-keyfile",
        at("ca.key"),
        "-batch",
        "-notext",
      ];
      openssl("ca", ...sign, ...dates, "-in", at(own), "-out", at(`${own}.pem`));
      return { key: read(`${own}.key`), cert: read(`${own}.pem`) };
    },
  };
}

/** A certificate that nobody signed but itself. */
export function makeSelfSigned(names: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "waypost-self-"));
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  const self = ["-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "7"];
  openssl(
    "req",
    ...self,
    "-subj",
    "/CN=server",
    "-addext",
    `subjectAltName=${names}`,
    "-keyout",
    key,
    "-out",
    cert,
  );
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
