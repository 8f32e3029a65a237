// Where the page starts.
import { mount } from "svelte";
import "./tokens.css";
import "./base.css";
import App from "./App.svelte";
import { keepFocus } from "./lib/focus";
import { unmark } from "./lib/marks";

unmark(document);
keepFocus();
const target = document.getElementById("app");
if (target) mount(App, { target });
