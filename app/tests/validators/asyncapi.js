// Reads an AsyncAPI document from its input, as the official parser does, and tells what is wrong.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

(async () => {
  const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
  // 0 is an error and 1 a warning; what is above is advice.
  const wrong = diagnostics.filter((one) => one.severity < 2);
  for (const one of wrong) console.log(one.code, one.path.join("/"), one.message);
  process.exit(document && wrong.length === 0 ? 0 : 1);
})();
