"""Small files of transactions as brokers and programs export them: written for the tests, with the columns of each format."""

from __future__ import annotations

GHOSTFOLIO = """Date,Code,DataSource,Currency,Price,Quantity,Action,Fee,Note
01-03-2021,Opening,MANUAL,USD,0,0,fee,12.5,
16-03-2021,ACME,YAHOO,USD,100.25,4,buy,1.5,first
17-05-2021,ACME,YAHOO,USD,0.5,4,dividend,0,
18-05-2021,ACME,YAHOO,USD,110,1,sell,1,
"""
GHOSTFOLIO_JSON = """{"meta": {"version": "dev"}, "assetProfiles": [{"symbol": "made-up", "name": "Opening"}], "activities": [
 {"date": "2021-03-01T00:00:00.000Z", "type": "FEE", "symbol": "made-up", "quantity": 0, "unitPrice": 0, "fee": 12.5, "currency": "USD"},
 {"date": "2021-03-16T00:00:00.000Z", "type": "BUY", "symbol": "ACME", "quantity": 4, "unitPrice": 100.25, "fee": 1.5, "currency": "USD",
  "comment": "first"},
 {"date": "2021-05-17T00:00:00.000Z", "type": "DIVIDEND", "symbol": "ACME", "quantity": 4, "unitPrice": 0.5, "fee": 0, "currency": "USD"}
]}"""
PORTFOLIO_PERFORMANCE_EN = """Date,Type,Value,Transaction Currency,Gross Amount,Currency Gross Amount,Exchange Rate,Fees,Taxes,Shares,\
ISIN,WKN,Ticker Symbol,Security Name,Note
2021-03-01T00:00,Deposit,"2,000.00",EUR,,,,,,,,,,,wire
2021-03-16T09:30,Buy,"-1,004.50",EUR,,,,4.00,0.50,10,DE0000000001,000001,ACME,"Acme, Inc.",
2021-05-17T00:00,Dividend,8.50,EUR,11.00,USD,1.0900,,1.50,10,DE0000000001,000001,ACME,"Acme, Inc.",
2021-05-18T00:00,Sell,545.00,EUR,,,,4.00,1.00,5,DE0000000001,000001,ACME,"Acme, Inc.",
2021-05-19T00:00,Tax Refund,3.25,EUR,,,,,,,,,,,
2021-05-20T00:00,Delivery (Inbound),120.00,EUR,,,,,,2,DE0000000001,000001,ACME,"Acme, Inc.",
2021-05-21T00:00,Removal,-100.00,EUR,,,,,,,,,,,
"""
PORTFOLIO_PERFORMANCE_DE = """Datum;Typ;Wert;Buchungswährung;Bruttobetrag;Währung Bruttobetrag;Wechselkurs;Gebühren;Steuern;Stück;ISIN;\
WKN;Ticker-Symbol;Wertpapiername;Notiz
2021-03-01T00:00;Einlage;2.000,00;EUR;;;;;;;;;;;wire
2021-03-16T09:30;Kauf;-1.004,50;EUR;;;;4,00;0,50;10;DE0000000001;000001;ACME;Acme, Inc.;
2021-05-17T00:00;Dividende;8,50;EUR;11,00;USD;1,0900;;1,50;10;DE0000000001;000001;ACME;Acme, Inc.;
2021-05-18T00:00;Verkauf;545,00;EUR;;;;4,00;1,00;5;DE0000000001;000001;ACME;Acme, Inc.;
2021-05-19T00:00;Steuerrückerstattung;3,25;EUR;;;;;;;;;;;
2021-05-20T00:00;Einlieferung;120,00;EUR;;;;;;2;DE0000000001;000001;ACME;Acme, Inc.;
2021-05-21T00:00;Entnahme;-100,00;EUR;;;;;;;;;;;
"""
TRADE_REPUBLIC = """"datetime","date","account_type","category","type","asset_class","name","symbol","shares","price","amount","fee","tax",\
"currency","original_amount","original_currency","fx_rate","description","transaction_id"
"2024-03-01T08:00:00.000Z","2024-03-01","DEFAULT","CASH","CUSTOMER_INBOUND","","","","","","1000.00","","","EUR","","","","Top up","a"
"2024-03-02T08:00:00.000Z","2024-03-02","DEFAULT","TRADING","BUY","STOCK","Acme","US0000000001","2.0","210.50","-421.00","-1.00","","EUR",\
"","","","Buy","b"
"2024-05-15T00:00:00.000Z","2024-05-15","DEFAULT","CASH","DIVIDEND","STOCK","Acme","US0000000001","2","","0.44","","-0.12","EUR","0.52",\
"USD","1.18","Dividend","c"
"2024-06-01T10:00:00.000Z","2024-06-01","DEFAULT","TRADING","SELL","STOCK","Acme","US0000000001","-1","230.00","230.00","-1.00","-4.50",\
"EUR","","","","Sale","d"
"2024-06-30T22:00:00.000Z","2024-06-30","DEFAULT","CASH","INTEREST_PAYMENT","","","","","","1.20","","-0.32","EUR","","","","Interest","e"
"2024-07-01T10:00:00.000Z","2024-07-01","DEFAULT","CASH","TAX_OPTIMIZATION","","","","","","0","","2.10","EUR","","","","Tax","f"
"2024-07-02T10:00:00.000Z","2024-07-02","DEFAULT","CASH","CARD_TRANSACTION","","","","","","-23.90","","","EUR","","","","Shop","g"
"2024-07-03T10:00:00.000Z","2024-07-03","DEFAULT","CORPORATE_ACTION","SPLIT","STOCK","Acme","US0000000001","3","","","","","EUR","","","",\
"Split","h"
"""
TRADE_REPUBLIC_TABLE = """Datum;Transactietype;Waarde (netto);Opmerking;ISIN;Aantal;Kosten;Belasting
2024-03-01;Storting;1.000,00;Somebody;;;;
2024-03-02;Aankoop;-421;Acme;US0000000001;2,5;-1;
2024-05-15;Dividend;0,32;Acme;US0000000001;;;-0,12
2024-06-01;Verkoop;224,5;Acme;US0000000001;1;-1;-4,5
2024-06-02;Onttrekking;-10,84;Somebody;;;;
"""
FLEX_TRADES = """"CurrencyPrimary","Symbol","DateTime","TradeDate","Quantity","TradePrice","Buy/Sell","AssetClass","Description","ISIN",\
"TradeMoney","Taxes","IBCommission","IBCommissionCurrency","LevelOfDetail"
"USD","ACME","20230403;095853","20230403","17","204.3473","BUY","STK","ACME INC","US0000000001","3473.9041","0","-1","USD","EXECUTION"
"USD","ACME","20230404;095853","20230404","-7","210","SELL","STK","ACME INC","US0000000001","-1470","0","-1.5","CHF","EXECUTION"
"USD","ACME","20230404;095853","20230404","-7","210","SELL","STK","ACME INC","US0000000001","-1470","0","-1.5","CHF","ORDER"
"USD","EUR.USD","20230405;095853","20230405","-100","1.1","SELL","CASH","EUR.USD","","-110","0","-2","CHF","EXECUTION"
"""
FLEX_CASH = """"Type","SettleDate","ISIN","Description","Amount","CurrencyPrimary"
"Dividends","20230623","US0000000001","ACME(US0000000001) CASH DIVIDEND USD 0.65 PER SHARE","137.23","USD"
"Withholding Tax","20230623","US0000000001","ACME(US0000000001) CASH DIVIDEND USD 0.65 PER SHARE - US TAX","-20.58","USD"
"Broker Interest Received","20230703","","USD CREDIT INT FOR JUN-2023","3.5","USD"
"Other Fees","20230704","","SNAPSHOT","-1.5","USD"
"Deposits/Withdrawals","20230705","","WIRE","500","USD"
"""
ACTIVITY = """Statement,Header,Field Name,Field Value
Statement,Data,BrokerName,Interactive Brokers
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,\
MTM P/L,Code
Trades,Data,Order,Stocks,USD,ACME,"2023-01-15, 10:30:00",100,150.25,150.3,-15025,-1,15026,0,5,O
Trades,Data,Order,Stocks,USD,ACME,"2023-06-15, 15:30:00","-40",160.5,160.4,6420,-1.5,-6010,408,4,C
Trades,Data,Trade,Stocks,USD,ACME,"2023-06-15, 15:30:00","-40",160.5,160.4,6420,-1.5,-6010,408,4,C
Trades,SubTotal,,Stocks,USD,ACME,,60,,,-8605,-2.5,9016,408,9,
Trades,Data,Order,Forex,USD,EUR.USD,"2023-01-14, 10:00:00","1,000",1.08,,-1080,-2,,,0,
Trades,Data,Order,Equity and Index Options,USD,ACME 20JAN24 95 P,"2023-01-16, 10:00:00",1,1,1,-100,-1,,,0,O
Trades,Total,,Stocks,USD,,,,,,-8605,-2.5,9016,408,9,
Deposits & Withdrawals,Header,Currency,Settle Date,Description,Amount
Deposits & Withdrawals,Data,USD,2023-01-10,Electronic Fund Transfer,20000
Deposits & Withdrawals,Data,Total,,,20000
Dividends,Header,Currency,Date,Description,Amount
Dividends,Data,USD,2023-03-15,ACME(US0000000001) Cash Dividend USD 0.24 per Share (Ordinary Dividend),24
Dividends,Data,Total,,,24
Withholding Tax,Header,Currency,Date,Description,Amount,Code
Withholding Tax,Data,USD,2023-03-15,ACME(US0000000001) Cash Dividend USD 0.24 per Share - US Tax,-3.6,
Withholding Tax,Data,Total,,,-3.6,
Interest,Header,Currency,Date,Description,Amount
Interest,Data,USD,2023-02-03,USD Credit Interest for Jan-2023,2.5
Interest,Data,USD,2023-03-03,USD Debit Interest for Feb-2023,-0.5
Fees,Header,Subtitle,Currency,Date,Description,Amount
Fees,Data,Other Fees,USD,2023-03-31,Monthly Data,-1.5
Corporate Actions,Header,Asset Category,Currency,Report Date,Date/Time,Description,Quantity,Proceeds,Value,Realized P/L,Code
Corporate Actions,Data,Stocks,USD,2023-05-02,"2023-05-01, 20:25:00","ACME(US0000000001) Split 4 for 1 (ACME, ACME INC, US0000000001)",300,\
0,0,0,
Financial Instrument Information,Header,Asset Category,Symbol,Description,Conid,Security ID,Multiplier
Financial Instrument Information,Data,Stocks,ACME,ACME INC,1,US0000000001,1
"""
DEGIRO_EN = """Date,Time,Product,ISIN,Reference exchange,Venue,Quantity,Price,,Local value,,Value EUR,Exchange rate,AutoFX Fee,\
Transaction and/or third party fees EUR,Total EUR,Order ID,
29-04-2026,17:33,ACME INC,US0000000001,NSY,CDED,280,41.3996,USD,-11591.89,USD,-9910.62,1.1696,-24.78,-2.00,-9937.40,,aaaa-1
10-10-2025,10:40,WORLD ETF,IE0000000002,XET,XETA,-450,10.3700,EUR,4666.50,EUR,4666.50,,0.00,-3.00,4663.50,,aaaa-2
06-06-2022,00:00,ACME INC,US0000000001,NDQ,,20,122.35,USD,-2447.00,USD,-2345.20,1.0434,,,-2345.20,,
06-06-2022,00:00,ACME INC,US0000000001,NDQ,,-1,2447.00,USD,2447.00,USD,2345.20,1.0434,,,2345.20,,
"""
DEGIRO_NL = """Datum,Tijd,Product,ISIN,Beurs,Uitvoeringsplaats,Aantal,Koers,,Lokale waarde,,Waarde,,Wisselkoers,Transactiekosten en/of,,\
Totaal,,Order ID
29-04-2026,17:33,ACME INC,US0000000001,NSY,CDED,280,"41,3996",USD,"-11591,89",USD,"-9910,62",EUR,"1,1696","-26,78",EUR,"-9937,40",EUR,aaaa-1
10-10-2025,10:40,WORLD ETF,IE0000000002,XET,XETA,-450,"10,3700",EUR,"4666,50",EUR,"4666,50",EUR,,"-3,00",EUR,"4663,50",EUR,aaaa-2
"""
DEGIRO_ACCOUNT = """Datum,Tijd,Valutadatum,Product,ISIN,Omschrijving,FX,Mutatie,,Saldo,,Order Id
19-12-2022,18:33,19-12-2022,FLATEX EURO BANKACCOUNT,NLFLATEXACNT,Degiro Cash Sweep Transfer,,EUR,"26,45",EUR,"27,80",
17-12-2022,09:51,16-12-2022,,,iDEAL Deposit,,EUR,"27,80",EUR,"1,35",
17-12-2022,08:37,16-12-2022,,,Valuta Creditering,,EUR,"1,28",EUR,"1,35",
17-12-2022,08:37,16-12-2022,,,Valuta Debitering,"1,0613",USD,"-1,36",USD,"0,00",
16-12-2022,09:05,15-12-2022,COLA CO,US0000000003,Dividend,,USD,"0,44",USD,"1,36",
16-12-2022,09:05,15-12-2022,COLA CO,US0000000003,Dividendbelasting,,USD,"-0,07",USD,"0,92",
15-12-2022,16:55,15-12-2022,ACME INC,US0000000001,Valuta Creditering,"1,0624",USD,"33,90",USD,"0,00",5925d76b-eb36-
,,,,,,,,,,,a61a6d03
15-12-2022,16:55,15-12-2022,ACME INC,US0000000001,Valuta Debitering,,EUR,"-31,91",EUR,"0,07",5925d76b-eb36-a61a6d03
15-12-2022,16:55,15-12-2022,ACME INC,US0000000001,DEGIRO Transactiekosten,,EUR,"-1,00",EUR,"31,98",5925d76b-eb36-a61a6d03
15-12-2022,16:55,15-12-2022,ACME INC,US0000000001,"Koop 1 @ 33,9 USD",,USD,"-33,90",USD,"-33,90",5925d76b-eb36-a61a6d03
05-02-2024,07:16,31-01-2024,,,DEGIRO Aansluitingskosten 2024 (Xetra - XET),,EUR,"-2,50",EUR,"-1,28",
02-04-2024,09:00,02-04-2024,AVIVA,GB0000000004,Sell 4 AVIVA@496 GBX (GB0000000004),,GBP,"19,84",GBP,"114,31",bbbb
"""
