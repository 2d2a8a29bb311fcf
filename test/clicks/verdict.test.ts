import { describe, expect, test } from "bun:test";
import type { Verdict } from "../../src/clicks/click.ts";
import { judge } from "../../src/clicks/enrich/verdict.ts";
import type { Method } from "../../src/redirect/visit.ts";
import { CHROME } from "./support/visits.ts";

const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";
const request = (over: { method?: Method; purpose?: string; userAgent?: string }) => ({
  method: "GET" as Method,
  purpose: "",
  userAgent: CHROME,
  ...over,
});

const agents: [string, Verdict][] = [
  [CHROME, "human"],
  [SAFARI, "human"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "human"],
  [`${SAFARI} [FBAN/FBIOS;FBAV/467.0.0.38.108;FBBV/603]`, "human"],
  [`${SAFARI} Instagram 334.0.4.32.98 (iPhone14,5; iOS 17_4; de_DE)`, "human"],
  [`${SAFARI} [Pinterest/iOS]`, "human"],
  [
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36 Snapchat/12.9",
    "human",
  ],
  ["", "bot"],
  ["   ", "bot"],
  ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"],
  ["Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bot"],
  [
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "bot",
  ],
  ["Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "bot"],
  ["curl/8.5.0", "bot"],
  ["Wget/1.21", "bot"],
  ["python-requests/2.32.0", "bot"],
  ["Go-http-client/2.0", "bot"],
  [CHROME.replace("Chrome/", "HeadlessChrome/"), "bot"],
  ["Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "preview"],
  ["Slackbot 1.0 (+https://api.slack.com/robots)", "preview"],
  ["Twitterbot/1.0", "preview"],
  ["facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "preview"],
  ["WhatsApp/2.23.20.0 A", "preview"],
  ["TelegramBot (like TwitterBot)", "preview"],
  ["Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "preview"],
  ["LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", "preview"],
  ["Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "preview"],
  ["Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "monitor"],
  ["Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "monitor"],
  ["Mozilla/5.0 (compatible; StatusCake)", "monitor"],
  ["Uptime-Kuma/1.23.11", "monitor"],
  ["kube-probe/1.29", "monitor"],
  ["ELB-HealthChecker/2.0", "monitor"],
];

describe("the verdict on a request", () => {
  test.each(agents)("from %p is %s", (userAgent, verdict) => {
    const { verdict: found, reason } = judge(request({ userAgent }));
    expect(found).toBe(verdict);
    expect(reason === "").toBe(verdict === "human");
    expect(reason.length).toBeLessThanOrEqual(64);
  });

  test.each([
    "prefetch",
    "prefetch;prerender",
    "prefetch;anonymous-client-ip",
    "prerender",
    "preview",
    "Preview",
  ])("sent ahead of the visitor with purpose %p is prefetch", (purpose) => {
    const { verdict, reason } = judge(request({ purpose }));
    expect(verdict).toBe("prefetch");
    expect(reason).toMatch(/^purpose:pre(fetch|render|view)$/);
  });

  test("that can show a page to nobody is a bot's, whoever it says it is", () => {
    expect(judge(request({ method: "HEAD" }))).toEqual({ verdict: "bot", reason: "method:HEAD" });
    expect(judge(request({ method: "OPTIONS", userAgent: "" }))).toEqual({
      verdict: "bot",
      reason: "method:OPTIONS",
    });
    expect(judge(request({ method: "POST" })).verdict).toBe("human");
  });

  test("names what gave a bot away", () => {
    expect(judge(request({ userAgent: "" })).reason).toBe("agent:empty");
    expect(judge(request({ userAgent: "x Googlebot/2.1 x" })).reason).toBe("agent:Googlebot");
    expect(judge(request({ userAgent: "TelegramBot (like TwitterBot)" })).reason).toBe("agent:TelegramBot");
  });
});
