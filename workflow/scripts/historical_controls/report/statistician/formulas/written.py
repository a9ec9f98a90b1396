"""Equations of docs/methods.md in LaTeX, by tag: those that a reader checks first. The others are printed as text.

The plain text of docs/methods.md stays the source: a page gives it to who cannot see the formula, documents print it,
and a test compares the letters of both.
"""

from __future__ import annotations

WRITTEN = {
    "BA-1": r"\mathrm{SMD} = \frac{m_1 - m_0}{\sqrt{(s_1^2 + s_0^2)/2}}",
    "BA-5": r"\mathrm{ESS} = \frac{(\sum w_i)^2}{\sum w_i^2}",
    "MM-1": r"y_i = X_i\beta + Z_ib_i + e_i ,\quad b_i\sim N(0, G_g) ,\quad e_i\sim N(0, R_i) ,"
    r"\quad V_i = Z_iG_gZ_i^\T + R_i",
    "MM-2": r"\ell(\theta) = -\frac{1}{2} [ (N-p)\log 2π + \log|V| + \log|X^\T V^{-1}X|"
    r" + (y-X\beta)^\T V^{-1}(y-X\beta) ]",
    "MM-3": r"\beta = \Phi X^\T V^{-1}y ,\quad \Phi = (X^\T V^{-1}X)^{-1}",
    "MM-17": r"I_{rs}^E = \frac{1}{2}T_{rs} - \tr(\Phi Q_{rs}) + \frac{1}{2}\tr(\Phi P_r\Phi P_s) ,"
    r"\quad W = (I^E)^{-1}",
    "MM-18": r"\Phi_A = \Phi + 2\Phi \{ \sum_{rs} W_{rs}(Q_{rs} - P_r\Phi P_s) \} \Phi",
    "MM-21": r"\df = \frac{2(L\Phi L^\T)^2}{g^\T Wg} ,\quad g_r = L\Phi P_r\Phi L^\T",
    "MM-25": r"\delta_d = L_d\beta ,\quad L_d = \bar{x}_{1d} - \bar{x}_{0d} ,"
    r"\quad \delta_d \pm t\sqrt{L_d\Phi_AL_d^\T}",
    "IN-1": r"\theta = \mean p_i = P(\text{treated} > \text{control}) + P(\text{equal})/2 ,"
    r"\quad \text{win~odds} = \frac{\theta}{1-\theta}",
    "IN-2": r"v = \frac{S_1^2}{n_1} + \frac{S_0^2}{n_0} ,\quad S_1^2 , S_0^2\text{~the~sample~variances~of~}p_i , q_j",
    "OV-1": r"d \pm t\sqrt{s^2 + \tau^2}",
}
