/** The version of this package, for whoever asks what it is talking to. */
import manifest from "../../package.json" with { type: "json" };

export const version: string = manifest.version;
