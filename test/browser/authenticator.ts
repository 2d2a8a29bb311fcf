import type { Page } from "playwright-core";

/** Gives a page Chromium's virtual authenticator, whose owner is always there and always says yes. */
export async function withAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** What the page of somebody who is signed in asks of the API, as text: what its own settings will do one day. */
export const CALL = `const call = async (method, path, body) => {
  const { data } = await (await fetch("/api/v1/auth/session")).json();
  const response = await fetch("/api/v1" + path, {
    method,
    headers: { "content-type": "application/json", "x-csrf-token": data.csrfToken },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, data: (await response.json()).data };
};`;

/** Makes a passkey, and answers how that went. */
export const MAKE_PASSKEY = `(async () => { ${CALL}
  const { status, data } = await call("POST", "/auth/passkeys/options");
  if (status !== 200) return { status, data };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(data);
  const credential = await navigator.credentials.create({ publicKey });
  return call("POST", "/auth/passkeys", { name: "Virtual", credential: credential.toJSON() });
})()`;
/** Who is signed in. */
export const SESSION = `(async () => { ${CALL} return call("GET", "/auth/session"); })()`;
