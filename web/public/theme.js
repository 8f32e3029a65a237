// Sets the theme before anything is painted, so that nothing flashes. `lib/theme.ts` does the rest.
(() => {
  const kept = localStorage.getItem("tenfold.theme");
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
